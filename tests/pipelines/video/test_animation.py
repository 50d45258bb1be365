"""What can be asked of an animated clip: the same as JSON, and what is refused of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.errors import RequestError
from pipelines.video.animation import LANES, Animation, Prompt, check


def test_an_animation_comes_back_from_its_json() -> None:
    asked = Animation(
        mode="morph",
        prompts=(Prompt(frame="0", text="a"), Prompt(frame="max_f/2", text="b --neg c")),
        zoom="0: (1)",
        fps=24.0,
        is_looped=True,
    )

    assert Animation.from_dict(json.loads(json.dumps(asked.as_dict()))) == asked


def test_what_is_not_said_is_as_deforum_has_it() -> None:
    check(Animation())

    assert Animation.from_dict({}) == Animation()
    assert Animation().zoom == "0: (1.0025+0.002*sin(1.25*3.14*t/30))"
    assert (Animation().strength, Animation().diffusion_cadence) == ("0: (0.65)", 2)


@pytest.mark.parametrize("name", [*LANES, "sampler"])
def test_a_schedule_that_cannot_be_read_is_refused_by_its_field(name: str) -> None:
    with pytest.raises(RequestError) as raised:
        check(Animation(**{name: "0: (1), 5: (2"}))  # type: ignore[arg-type]

    assert raised.value.field == f"animation.{name}"
    assert raised.value.details["position"] == 11


@pytest.mark.parametrize(("name", "lane"), LANES.items())
def test_only_what_the_request_can_say_may_be_left_open(name: str, lane: Any) -> None:
    asked = Animation(**{name: " "})  # type: ignore[arg-type]
    if lane.is_optional:
        check(asked)
        return
    with pytest.raises(RequestError, match="is empty"):
        check(asked)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mode": "4d"}, "animation.mode"),
        ({"border": "zeros"}, "animation.border"),
        ({"colour_coherence": "LAB"}, "animation.colour_coherence"),
        ({"noise_type": "pink"}, "animation.noise_type"),
        ({"seed_behaviour": "up"}, "animation.seed_behaviour"),
        ({"max_frames": 0}, "animation.max_frames"),
        ({"max_frames": 10**9}, "animation.max_frames"),
        ({"fps": float("nan")}, "animation.fps"),
        ({"diffusion_cadence": 51}, "animation.diffusion_cadence"),
        ({"seed_every": 0}, "animation.seed_every"),
        ({"init_strength": 1.5}, "animation.init_strength"),
        ({"extract_nth_frame": 0}, "animation.extract_nth_frame"),
        ({"extract_from_frame": -1}, "animation.extract_from_frame"),
        ({"extract_to_frame": -2}, "animation.extract_to_frame"),
        ({"keeps_times": 1}, "animation.keeps_times"),
        ({"perlin_octaves": 8}, "animation.perlin_octaves"),
        ({"perlin_persistence": -1}, "animation.perlin_persistence"),
        ({"perlin_width": 0}, "animation.perlin_width"),
        ({"prompts": [{"frame": "x", "text": ""}]}, "animation.prompts.0.frame"),
        ({"prompts": [{"frame": "0", "text": "`1+`"}]}, "animation.prompts.0.text"),
        ({"prompts": [{"text": "a"}], "common_prompt": "`q`"}, "animation.prompts.positive"),
        ({"prompts": {"0": "a"}}, "animation.prompts"),
        ({"prompts": [{"text": 5}]}, "animation.prompts.0.text"),
        ({"prompts": ["a"]}, "animation.prompts.0"),
        ({"zoom": 1.0}, "animation.zoom"),
        ({"max_frames": "5"}, "animation.max_frames"),
        ({"flips_perspective": 1}, "animation.flips_perspective"),
        ({"width": 512}, "animation.width"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as raised:
        check(Animation.from_dict(fields))

    assert raised.value.field == field
    assert raised.value.remedy


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(RequestError, match="no object"):
        Animation.from_dict([])
