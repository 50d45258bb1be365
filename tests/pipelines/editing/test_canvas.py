"""What a request sees of its source, and how the result comes back into it: to the bit where nothing was to change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.editing.canvas import Canvas, lay, put_back
from pipelines.editing.source import AREAS, RESIZES, Inpainting, Region, Source
from pipelines.errors import RequestError
from pipelines.request import Request

Box = tuple[int, int, int, int]
SIZE = (200, 160)  # of the picture
SIDE_PX = 64  # of the result


def picture(size: tuple[int, int] = SIZE, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels)


def mask(box: Box = (120, 100, 150, 130), size: tuple[int, int] = SIZE) -> Image.Image:
    marked = Image.new("L", size)
    marked.paste(255, box)
    return marked


def asking(inpainting: Inpainting | None = None, **source: Any) -> Request:
    return Request(
        width=SIDE_PX, height=SIDE_PX, source=Source(image="x", **source), inpainting=inpainting
    )


def finished(canvas: Canvas, *, level: int = 200, hides_seams: bool = False) -> Any:
    """With a result of one colour."""
    result = np.full((SIDE_PX, SIDE_PX, 3), level, np.uint8)
    return put_back(canvas, result, hides_seams=hides_seams)


# ---- what is seen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("resize", [row for row in RESIZES if row != "latent"])
def test_without_a_mask_the_picture_comes_to_the_size_of_the_result(resize: str) -> None:
    canvas = lay(asking(resize=resize), picture(), None)

    assert canvas.init.size == canvas.size == (SIDE_PX, SIDE_PX)
    assert canvas.mask is None


def test_latents_are_made_of_the_picture_as_large_as_it_is() -> None:
    canvas = lay(asking(resize="latent"), picture((203, 157)), None)

    assert canvas.init.size == (200, 160)
    assert canvas.size == (SIDE_PX, SIDE_PX)


def test_only_the_masked_part_is_seen_with_its_padding() -> None:
    canvas = lay(asking(Inpainting(mask="m", padding=10, blur=0)), picture(), mask())

    assert canvas.region.box == (110, 90, 160, 140)
    assert canvas.mask is not None
    assert canvas.init.size == canvas.mask.size == (SIDE_PX, SIDE_PX)
    assert canvas.size == SIZE


def test_a_region_may_be_chosen_and_is_clamped_to_the_picture() -> None:
    region = Region(left=90, top=80, right=400, bottom=160)

    canvas = lay(asking(Inpainting(mask="m", region=region)), picture(), mask())

    assert canvas.region.box == (90, 80, 200, 160)


def test_a_picture_as_a_whole_keeps_its_size_and_is_seen_at_the_models() -> None:
    canvas = lay(asking(Inpainting(mask="m", area="picture")), picture(), mask())

    assert canvas.region.box == (0, 0, *SIZE)
    assert canvas.init.size == (SIDE_PX, SIDE_PX)
    assert canvas.size == SIZE


def test_whole_picture_is_that_of_automatic1111() -> None:
    canvas = lay(asking(Inpainting(mask="m", area="whole", blur=4)), picture(), mask())

    assert canvas.size == (SIDE_PX, SIDE_PX)
    assert canvas.mask is not None
    assert canvas.alpha is not None
    levels = np.asarray(canvas.mask, int)
    assert np.array_equal(canvas.alpha, np.minimum(2 * levels, 255))


@pytest.mark.parametrize("area", AREAS)
def test_an_empty_mask_is_refused(area: str) -> None:
    with pytest.raises(RequestError, match="nothing is masked"):
        lay(asking(Inpainting(mask="m", area=area)), picture(), Image.new("L", SIZE))


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(RequestError, match="10 × 10 pixels"):
        lay(asking(Inpainting(mask="m")), picture(), Image.new("L", (10, 10), 255))


# ---- how it comes back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hides_seams", [False, True])
@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("blur", [0.0, 4.0])
def test_outside_of_mask_and_blur_every_pixel_stays(
    area: str, blur: float, hides_seams: bool
) -> None:
    canvas = lay(asking(Inpainting(mask="m", area=area, blur=blur)), picture(), mask())

    after = finished(canvas, hides_seams=hides_seams)

    before = (
        np.asarray(lay(asking(), picture(), None).init)
        if area == "whole"
        else np.asarray(picture())
    )
    assert canvas.alpha is not None
    assert after.shape == before.shape
    assert np.array_equal(after[canvas.alpha == 0], before[canvas.alpha == 0])
    if area != "whole":
        reach = int(2.5 * blur + 0.5)
        outside = np.asarray(mask((120 - reach, 100 - reach, 150 + reach, 130 + reach))) == 0
        assert np.array_equal(after[outside], before[outside])


@pytest.mark.parametrize("area", ["masked", "picture"])
def test_of_what_was_painted_over_nothing_shines_through(area: str) -> None:
    """The softness lies around it: the painted edge itself is half way, from where on the result counts alone."""
    painted = (60, 50, 140, 110)
    canvas = lay(asking(Inpainting(mask="m", area=area, blur=4)), picture(), mask(painted))

    after = finished(canvas, level=77)

    assert (after[52:108, 62:138] == 77).all()
    assert not (after[44:116, 54:146] == 77).all()


@pytest.mark.parametrize("area", AREAS)
def test_the_middle_of_the_mask_is_the_result(area: str) -> None:
    canvas = lay(
        asking(Inpainting(mask="m", area=area, blur=2)), picture(), mask((60, 50, 140, 110))
    )

    after = finished(canvas, level=77)

    assert (after[after.shape[0] // 2, after.shape[1] // 2] == 77).all()


def test_a_mark_comes_back_to_where_it_was_seen() -> None:
    canvas = lay(
        asking(Inpainting(mask="m", padding=0, blur=0)), picture(), mask((120, 90, 152, 122))
    )
    result = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    result[20:24, 40:44] = 255  # twice as large as in the picture

    after = put_back(canvas, result, hides_seams=False)

    inside = after[90:122, 120:152, 0].astype(float)
    y, x = np.mgrid[:32, :32] + 0.5
    assert (inside * x).sum() / inside.sum() == pytest.approx(21, abs=0.2)
    assert (inside * y).sum() / inside.sum() == pytest.approx(11, abs=0.2)


def test_without_a_mask_the_result_is_the_picture() -> None:
    canvas = lay(asking(), picture(), None)

    assert (finished(canvas, level=9) == 9).all()


# ---- beyond its edges ------------------------------------------------------------------------------------

EXTENSION = {"extend_left": 8, "extend_top": 16, "extend_right": 24, "extend_bottom": 32}
OLD = np.s_[16:176, 8:208]


@pytest.mark.parametrize("area", ["masked", "picture"])
@pytest.mark.parametrize("hides_seams", [False, True])
def test_an_extended_picture_keeps_its_old_part_to_the_bit(area: str, hides_seams: bool) -> None:
    canvas = lay(asking(Inpainting(area=area, blur=8), **EXTENSION), picture(), None)

    after = finished(canvas, hides_seams=hides_seams)

    assert after.shape == (208, 232, 3)
    assert np.array_equal(after[OLD], np.asarray(picture()))
    assert hides_seams or (after[:16] == 200).all()


@pytest.mark.parametrize("size", [SIZE, (232, 208)], ids=["of the picture", "of the extended one"])
def test_an_extended_picture_may_change_inside_too(size: tuple[int, int]) -> None:
    left, top = (0, 0) if size == SIZE else (8, 16)
    marked = mask((50 + left, 50 + top, 80 + left, 80 + top), size)

    canvas = lay(
        asking(Inpainting(mask="m", area="picture", blur=0), **EXTENSION), picture(), marked
    )

    after = finished(canvas)[OLD]
    assert (after[50:80, 50:80] == 200).all()
    assert np.array_equal(after[:50], np.asarray(picture())[:50])


def test_a_thin_scratch_is_filled_before_the_picture_becomes_small() -> None:
    photo = np.full((512, 512, 3), 90, np.uint8)
    photo[200:202] = 250
    scratch = np.zeros((512, 512), np.uint8)
    scratch[200:202] = 255
    inpainting = Inpainting(mask="m", content="surroundings", area="picture", blur=0.0)
    request = Request(width=64, height=64, source=Source(image="p"), inpainting=inpainting)

    canvas = lay(request, Image.fromarray(photo), Image.fromarray(scratch))

    assert np.asarray(canvas.init).max() <= 91
