"""From axes to pictures: in which order, with which changes, and what is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pipelines.asking.grid import Axis, Grid
from pipelines.asking.hires import Hires
from pipelines.asking.noise import Noise
from pipelines.asking.sampling import Sampling
from pipelines.asking.wording import Wording
from pipelines.editing.source import Inpainting, Source
from pipelines.errors import RequestError
from pipelines.grids.axes import AXES, Stock, choices_of, find_axis
from pipelines.grids.cells import cells, one_picture, pinned, varied
from pipelines.request import Request

# Fields that are none of a picture's looks, or are whole parts with values of their own.
LEFT_OUT = {
    *("kind", "prompt", "negative_prompt", "template", "negative_template", "format", "exact"),
    *("batch_size", "batch_count", "draft_fraction", "controls", "image_prompts", "beginnings"),
    *("grid", "wording", "sampling", "hires", "source", "inpainting", "noise", "morph"),
    *("noise.from_width", "noise.from_height", "noise.later_seed"),
    *("hires.prompt", "hires.negative_prompt", "hires.width", "hires.height", "hires.strength"),
}
PARTS: dict[str, Any] = {
    "sampling": Sampling,
    "noise": Noise,
    "hires": Hires,
    "wording": Wording,
}


def made(request: Request, **axes: tuple[str, str]) -> list[Request]:
    grid = Grid(**{name: Axis(field=field, values=text) for name, (field, text) in axes.items()})
    return [cell.of(request) for cell in cells(varied(grid))]


def one(field: str, text: str, **fields: Any) -> list[Request]:
    return made(Request(**{"prompt": "a red cat", **fields}), x=(field, text))


def test_every_number_and_choice_of_a_request_can_vary() -> None:
    known = {row.field for row in AXES}
    names = [f.name for f in dataclasses.fields(Request)]
    for part, kind in PARTS.items():
        names += [f"{part}.{f.name}" for f in dataclasses.fields(kind)]

    assert [name for name in names if name not in known | LEFT_OUT] == []


def test_every_row_of_the_table_has_a_name_of_its_own() -> None:
    assert len({row.field for row in AXES}) == len(AXES)
    assert len({row.label for row in AXES}) == len(AXES)
    assert find_axis("cfg scale") == find_axis("sampling.guidance_scale")


def test_x_changes_first_and_z_last() -> None:
    found = made(
        Request(prompt="a"),
        x=("sampling.steps", "1,2"),
        y=("clip_skip", "1,2"),
        z=("sampling.guidance_scale", "3,4"),
    )
    told = [(r.sampling.guidance_scale, r.clip_skip, r.sampling.steps) for r in found]
    assert told == [(z, y, x) for z in (3, 4) for y in (1, 2) for x in (1, 2)]


def test_the_first_value_is_searched_and_the_others_take_its_place() -> None:
    found = one("prompt", 'red,blue,"dark, green"', negative_prompt="no red")
    assert [r.prompt for r in found] == ["a red cat", "a blue cat", "a dark, green cat"]
    assert [r.negative_prompt for r in found] == ["no red", "no blue", "no dark, green"]


def test_words_that_are_nowhere_cannot_be_replaced() -> None:
    with pytest.raises(RequestError, match="neither of the prompts") as caught:
        one("prompt", "dog,bird")
    assert caught.value.field == "grid.x.values"


def test_words_stand_in_every_order() -> None:
    found = one("prompt.order", "cat, dog, owl", prompt="a cat, a dog; an owl.")
    assert found[0].prompt == "a cat, a dog; an owl."
    assert {r.prompt for r in found} == {
        f"a {a}, a {b}; an {c}."
        for a, b, c in (
            *(("cat", "dog", "owl"), ("cat", "owl", "dog"), ("dog", "cat", "owl")),
            *(("dog", "owl", "cat"), ("owl", "cat", "dog"), ("owl", "dog", "cat")),
        )
    }


def test_too_many_words_have_too_many_orders() -> None:
    with pytest.raises(RequestError, match="5,040 orders"):
        one("prompt.order", "a,b,c,d,e,f,g")


@pytest.mark.parametrize(
    ("field", "text", "read"),
    [
        ("size", "512x768, 64 × 64", lambda r: (r.width, r.height)),
        ("sampling.sampler", "euler a, DPM++ 2M", lambda r: r.sampling.sampler),
        ("vae", "None, kl", lambda r: r.vae),
        ("sampling.sgm_noise", "true,false", lambda r: r.sampling.sgm_noise),
        ("styles", 'one,"two,three",None', lambda r: r.styles),
        ("seamless", "x,none", lambda r: r.seamless),
    ],
)
def test_kinds_of_values(field: str, text: str, read: Any) -> None:
    expected = {
        "size": [(512, 768), (64, 64)],
        "sampling.sampler": ["Euler a", "DPM++ 2M"],
        "vae": [None, "kl"],
        "sampling.sgm_noise": [True, False],
        "styles": ["mine\none", "mine\ntwo\nthree", "mine"],
        "seamless": ["x", None],
    }
    assert [read(r) for r in one(field, text, styles="mine")] == expected[field]


def test_denoising_is_that_of_the_source_or_of_hires_fix() -> None:
    source = one("denoising", "0.3", source=Source(image="a"), inpainting=Inpainting())
    hires = one("denoising", "0.3", hires=Hires())
    assert source[0].source is not None
    assert source[0].source.strength == 0.3
    assert hires[0].hires is not None
    assert hires[0].hires.strength == 0.3


@pytest.mark.parametrize("field", ["denoising", "hires.steps", "inpainting.conditioning_weight"])
def test_what_would_change_nothing_is_refused(field: str) -> None:
    with pytest.raises(RequestError) as caught:
        one(field, "1")
    assert caught.value.field == field


def test_seeds_left_to_chance_are_rolled_once() -> None:
    grid = pinned(
        Grid(x=Axis(field="seed", values="-1, 5, -1"), y=Axis(field="clip_skip", values="1"))
    )
    assert grid.x is not None
    first, middle, last = (int(part) for part in grid.x.values.split(", "))
    assert middle == 5
    assert first >= 0
    assert last >= 0
    assert grid.y == Axis(field="clip_skip", values="1")
    assert one_picture(Request()).noise.variation_seed >= 0


def test_a_grid_has_a_bound_and_an_axis_at_least() -> None:
    with pytest.raises(RequestError, match="2,500 pictures") as caught:
        made(Request(), x=("seed", "1-50"), y=("sampling.steps", "1-50"))
    assert caught.value.field == "grid.y.values"
    with pytest.raises(RequestError, match="nothing varies"):
        made(Request(), x=("", ""))
    with pytest.raises(RequestError, match="nothing that can vary") as caught:
        made(Request(), z=("colour", "1"))
    assert caught.value.field == "grid.z.field"


def test_what_can_be_picked_is_what_there_is() -> None:
    row = find_axis("vae")
    assert row is not None
    assert choices_of(row, Stock(vaes=("kl", "other"))) == ("kl", "other")
