"""The size of a second pass as plain numbers, its names, and what is refused of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.asking.hires import PIXELS_MAX, Fit, Hires, check_hires, fit, target_size, with_names
from pipelines.editing.source import Inpainting, Source
from pipelines.errors import RequestError
from pipelines.request import Defaults, Request, resolve


@pytest.mark.parametrize(
    ("hires", "size", "wanted"),
    [
        (Hires(scale=2.0), (512, 768), Fit((1024, 1536), (1024, 1536), (0, 0))),
        (Hires(scale=1.5), (520, 512), Fit((780, 768), (776, 768), (0, 0))),
        (Hires(width=1024), (512, 768), Fit((1024, 1536), (1024, 1536), (0, 0))),
        (Hires(height=1000), (512, 768), Fit((666, 1000), (664, 1000), (0, 0))),
        # As wide as wanted, higher than that: (1536 − 1024) / 8 = 64 latents go, 32 of them above.
        (Hires(width=1024, height=1024), (512, 768), Fit((1024, 1536), (1024, 1024), (0, 256))),
        (Hires(width=1024, height=1024), (768, 512), Fit((1536, 1024), (1024, 1024), (256, 0))),
        # 37 latents go: 18 before, 19 after.
        (Hires(width=1000, height=1000), (512, 664), Fit((1000, 1296), (1000, 1000), (0, 144))),
        (Hires(width=1024, height=1536), (512, 768), Fit((1024, 1536), (1024, 1536), (0, 0))),
        (Hires(width=512, height=512), (512, 512), Fit((512, 512), (512, 512), (0, 0))),
    ],
)
def test_the_size_is_that_of_automatic1111(
    hires: Hires, size: tuple[int, int], wanted: Fit
) -> None:
    assert fit(hires, *size) == wanted
    assert target_size(hires, *size) == wanted.size


SIDES = st.integers(8, 256).map(lambda cells: cells * 8)


@settings(deadline=None)
@given(SIDES, SIDES, st.none() | st.integers(64, 4096), st.none() | st.integers(64, 4096))
def test_what_is_kept_lies_in_what_was_made(
    width: int, height: int, to_width: int | None, to_height: int | None
) -> None:
    found = fit(Hires(width=to_width, height=to_height), width, height)

    for cover, side, corner in zip(*found, strict=True):
        assert side % 8 == corner % 8 == 0
        assert corner >= 0
        assert corner // 8 + side // 8 <= cover // 8, "in whole latents"
        assert abs((cover - side - corner) - corner) < 24, "about as much is cut off on both sides"


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"scale": 9.0}, "hires.scale", "outside"),
        ({"scale": float("nan")}, "hires.scale", "scale = nan"),
        ({"scale": 8.0}, "hires.scale", "makes a picture of 8192 × 8192 px"),
        ({"width": 8192}, "hires.width", "outside"),
        ({"height": 32}, "hires.height", "outside"),
        ({"width": 64}, "hires.width", "makes a picture of 64 × 32 px"),
        ({"strength": 1.1}, "hires.strength", "outside"),
        ({"strength": 1e-6}, "hires.strength", "changes nothing"),
        ({"steps": 0}, "hires.steps", "outside"),
        ({"steps": 151}, "hires.steps", "outside"),
        ({"guidance_scale": 31.0}, "hires.guidance_scale", "outside"),
        ({"upscaler": ""}, "hires.upscaler", "is no name"),
    ],
)
def test_what_cannot_be_made_is_refused_by_its_field(
    values: dict[str, Any], field: str, words: str
) -> None:
    size = (128, 64) if values == {"width": 64} else (1024, 1024)

    with pytest.raises(RequestError, match=words) as raised:
        check_hires(Hires(**values), *size)

    assert raised.value.field == field
    assert raised.value.remedy


def test_sides_of_another_shape_do_not_make_a_picture_of_any_size() -> None:
    """A strip of 64 × 2048 would cover 4096 × 64 with 4096 × 131,072 px."""
    strip = Hires(width=4096, height=64)
    cover = fit(strip, 64, 2048).cover
    assert cover[0] * cover[1] > PIXELS_MAX

    with pytest.raises(RequestError, match="so unlike 64 × 2048 in shape") as raised:
        check_hires(strip, 64, 2048)

    assert raised.value.field == "hires.width"


def resolved(**fields: Any) -> Request:
    return resolve(Request(prompt="x", **fields), "own", Defaults())


def test_names_become_those_of_the_tables() -> None:
    asked = Hires(sampler="dpm++ 2m karras", upscaler="LATENT (Nearest-Exact)", checkpoint="other")

    hires = resolved(hires=asked).hires

    assert hires == Hires(
        sampler="DPM++ 2M", schedule="Karras", upscaler="Latent (nearest-exact)", checkpoint="other"
    )


def test_what_is_not_said_stays_unsaid() -> None:
    for empty in (Hires(), Hires(sampler="", schedule="", checkpoint=""), Hires(checkpoint="own")):
        assert resolved(hires=empty).hires == Hires()


def test_the_upscaler_that_does_nothing_leaves_it_to_lanczos() -> None:
    assert with_names(Hires(upscaler="None"), "own").upscaler == "Lanczos"


@pytest.mark.parametrize(
    ("hires", "field"),
    [(Hires(sampler="Eular"), "hires.sampler"), (Hires(schedule="Karas"), "hires.schedule")],
)
def test_names_that_nobody_knows_are_refused(hires: Hires, field: str) -> None:
    with pytest.raises(RequestError) as raised:
        resolved(hires=hires)

    assert raised.value.field == field


def test_steps_are_those_of_both_passes() -> None:
    assert resolved(hires=Hires()).steps_in_all == 40
    assert resolved(hires=Hires(steps=7)).steps_in_all == 27
    assert resolved(hires=Hires(steps=7, strength=0.0)).steps_in_all == 20
    assert resolved().steps_in_all == 20


def test_a_picture_that_starts_from_another_gets_no_second_pass() -> None:
    with pytest.raises(RequestError, match="get no second pass") as raised:
        resolved(hires=Hires(), source=Source(image="a"))

    assert raised.value.field == "hires.scale"


@pytest.mark.parametrize(("area", "is_refused"), [("masked", True), ("picture", False)])
def test_what_is_cut_out_of_a_picture_has_no_edges_that_meet(area: str, is_refused: bool) -> None:
    asked = {"source": Source(image="a"), "inpainting": Inpainting(mask="b", area=area)}
    if not is_refused:
        assert resolved(seamless="both", **asked).seamless == "both"
        return
    with pytest.raises(RequestError, match="no edges that meet") as raised:
        resolved(seamless="both", **asked)

    assert raised.value.field == "seamless"
