"""A plan is read from JSON, checked, and written as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.errors import RequestError
from pipelines.video.photo.plan import Arrow, Flow, Parallax, Plan, Ripple, Sway, kind_of

WHOLE = Plan(
    effects=(
        Flow(arrows=(Arrow(points=((0.1, 0.2), (0.3, 0.4)), speed=0.1),), speed=2.0),
        Ripple(amount=0.01),
        Sway(anchor=((0.0, 1.0), (1.0, 1.0))),
        Parallax(horizon=0.4),
    ),
    loop_seconds=3.0,
    fps=12.0,
)
ARROW = {"points": [[0.1, 0.2], [0.3, 0.4]]}


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    assert Plan.from_dict(json.loads(json.dumps(WHOLE.as_dict()))) == WHOLE


def test_what_is_left_out_has_its_default() -> None:
    read = Plan.from_dict({"effects": [{"kind": "flow", "arrows": [ARROW]}]})

    assert read.effects == (Flow(arrows=(Arrow(points=((0.1, 0.2), (0.3, 0.4))),)),)
    assert read.frame_count == 96


def test_every_effect_has_a_name() -> None:
    assert [kind_of(effect) for effect in WHOLE.effects] == ["flow", "ripple", "sway", "parallax"]


def flow(**changes: Any) -> dict[str, Any]:
    return {"effects": [{"kind": "flow", "arrows": [ARROW], **changes}]}


REFUSED: dict[str, tuple[Any, str]] = {
    "no object": ([], "plan"),
    "no effects": ({}, "effects"),
    "none at all": ({"effects": []}, "effects"),
    "too many": ({"effects": [{"kind": "ripple"}] * 9}, "effects"),
    "unknown kind": ({"effects": [{"kind": "melt"}]}, "effects.0.kind"),
    "kind of another type": ({"effects": [{"kind": []}]}, "effects.0.kind"),
    "effect is text": ({"effects": ["flow"]}, "effects.0"),
    "unknown field": (flow(colour="red"), "effects.0.colour"),
    "field of another effect": (flow(anchor=[[0, 0], [1, 1]]), "effects.0.anchor"),
    "no arrows": (flow(arrows=[]), "effects.0.arrows"),
    "arrows are text": (flow(arrows="down"), "effects.0.arrows"),
    "arrow of one point": (flow(arrows=[{"points": [[0, 0]]}]), "effects.0.arrows.0.points"),
    "arrow of no length": (
        flow(arrows=[{"points": [[0.5, 0.5]] * 2}]),
        "effects.0.arrows.0.points",
    ),
    "point outside": (
        flow(arrows=[{"points": [[0, 0], [1.5, 0]]}]),
        "effects.0.arrows.0.points.1",
    ),
    "point not finite": (
        flow(arrows=[{"points": [[0, 0], [float("nan"), 0]]}]),
        "effects.0.arrows.0.points.1",
    ),
    "point too large": (
        flow(arrows=[{"points": [[0, 0], [10**400, 0]]}]),
        "effects.0.arrows.0.points.1",
    ),
    "point of truths": (
        flow(arrows=[{"points": [[True, 0], [1, 0]]}]),
        "effects.0.arrows.0.points.0",
    ),
    "arrow too fast": (
        flow(arrows=[{**ARROW, "speed": 9}]),
        "effects.0.arrows.0.speed",
    ),
    "speed not finite": (flow(speed=float("inf")), "effects.0.speed"),
    "no anchor": ({"effects": [{"kind": "sway"}]}, "effects.0.anchor"),
    "anchor a point": (
        {"effects": [{"kind": "sway", "anchor": [[0, 0], [0, 0]]}]},
        "effects.0.anchor",
    ),
    "unknown path": ({"effects": [{"kind": "parallax", "path": "up"}]}, "effects.0.path"),
    "horizon below": ({"effects": [{"kind": "parallax", "horizon": 1.0}]}, "effects.0.horizon"),
    "parallax not last": (
        {"effects": [{"kind": "parallax"}, {"kind": "ripple"}]},
        "effects.0.kind",
    ),
    "too long": ({"effects": [{"kind": "ripple"}], "loop_seconds": 500}, "loop_seconds"),
    "no frames": ({"effects": [{"kind": "ripple"}], "fps": 0}, "fps"),
    "fps is text": ({"effects": [{"kind": "ripple"}], "fps": "24"}, "fps"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_by_its_name(case: str) -> None:
    values, field = REFUSED[case]
    with pytest.raises(RequestError) as refused:
        Plan.from_dict(values)

    assert refused.value.field == field
    assert refused.value.remedy
