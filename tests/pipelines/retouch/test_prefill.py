"""Holes are filled with what surrounds them, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.retouch.prefill import filled
from tests.pipelines.retouch.old_photos import sound
from training.starter.scenes import sample_scene
from training.starter.styles import render

SIDE = 192


def disc(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask


def bricks() -> Image.Image:
    wall = Image.new("RGB", (SIDE, SIDE), (200, 195, 185))
    draw = ImageDraw.Draw(wall)
    for row, top in enumerate(range(0, SIDE, 16)):
        for left in range(-32, SIDE, 32):
            x = left + 16 * (row % 2)
            draw.rectangle((x + 2, top + 2, x + 30, top + 14), fill=(150, 70, 50))
    return wall


def error(one: Image.Image, other: Image.Image, mask: Image.Image) -> float:
    """Mean difference in levels where the mask is."""
    apart = np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32))
    return float(apart[np.asarray(mask) > 0].mean())


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("width_px", [3, 40])
def test_what_is_not_masked_stays_to_the_byte(mode: str, width_px: int) -> None:
    picture = Image.fromarray(sound("texture", 160, np.random.default_rng(1))).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).line((20, 30, 130, 90), fill=255, width=width_px)

    result = filled(picture, mask)

    outside = np.asarray(mask) == 0
    assert (result.mode, result.size) == (picture.mode, picture.size)
    assert np.array_equal(np.asarray(result)[outside], np.asarray(picture)[outside])
    if mode == "RGBA":
        assert np.array_equal(result.getchannel("A"), picture.getchannel("A"))


def test_a_thing_is_gone_and_its_backdrop_goes_on() -> None:
    ratios = []
    for seed in range(6):
        lot = np.random.default_rng(seed)
        scene = replace(sample_scene(lot), style="flat")
        subject = replace(scene.subjects[0], x=0.5, y=0.5, reach=0.2)
        scene = replace(scene, subjects=(subject,))
        with_it = render(scene, SIDE, np.random.default_rng(5))
        without = render(replace(scene, subjects=()), SIDE, np.random.default_rng(5))
        apart = np.abs(np.asarray(with_it, int) - np.asarray(without)).max(axis=2) > 4
        mask = Image.fromarray(cv2.dilate(apart.astype(np.uint8) * 255, np.ones((7, 7))))
        ratios.append(error(filled(with_it, mask), without, mask) / error(with_it, without, mask))

    assert np.mean(ratios) < 0.1
    assert max(ratios) < 0.3


def test_a_pattern_goes_on_where_smoothing_would_wash_it_out() -> None:
    wall = bricks()
    mask = disc(wall.size, (60, 60, 130, 130))
    damaged = Image.composite(Image.new("RGB", wall.size, "blue"), wall, mask)

    result = filled(damaged, mask)
    smooth = cv2.inpaint(np.asarray(damaged), np.asarray(mask), 4, cv2.INPAINT_TELEA)

    assert error(result, wall, mask) < 0.5 * error(Image.fromarray(smooth), wall, mask)


def test_grain_is_as_strong_in_the_hole_as_around_it() -> None:
    picture = Image.fromarray(sound("texture", 256, np.random.default_rng(4)))
    mask = disc(picture.size, (80, 80, 180, 180))

    result = np.asarray(filled(picture, mask), np.float32).mean(axis=2)
    fine = result - cv2.GaussianBlur(result, (0, 0), 1.5)

    inside = np.asarray(mask) > 0
    assert fine[inside].std() == pytest.approx(fine[~inside].std(), rel=0.35)


def test_a_thin_hole_is_filled_smoothly() -> None:
    ramp = Image.linear_gradient("L").resize((120, 120))
    mask = Image.new("L", ramp.size)
    ImageDraw.Draw(mask).line((10, 20, 110, 100), fill=255, width=5)
    damaged = Image.composite(Image.new("L", ramp.size, 255), ramp, mask)

    assert error(filled(damaged, mask), ramp, mask) < 3


def test_wide_and_thin_holes_are_filled_in_one_go() -> None:
    plain = Image.new("RGB", (200, 120), (90, 120, 150))
    mask = disc(plain.size, (20, 30, 80, 90))
    ImageDraw.Draw(mask).line((95, 5, 95, 115), fill=255, width=4)
    ImageDraw.Draw(mask).rectangle((130, 20, 180, 100), fill=255)
    damaged = Image.composite(Image.new("RGB", plain.size, "red"), plain, mask)

    assert error(filled(damaged, mask), plain, mask) < 4


def test_a_large_hole_keeps_the_detail_of_the_picture() -> None:
    picture = Image.fromarray(sound("texture", 900, np.random.default_rng(6)))
    mask = disc(picture.size, (250, 250, 650, 650))

    result = np.asarray(filled(picture, mask), np.float32).mean(axis=2)
    fine = result - cv2.GaussianBlur(result, (0, 0), 1.0)

    inside = np.asarray(mask) > 0
    assert fine[inside].std() > 0.6 * fine[~inside].std()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_with_nothing_to_fill_or_nothing_to_guess_from_the_picture_comes_back(share: float) -> None:
    picture = bricks()

    result = filled(picture, Image.new("L", picture.size, round(255 * share)))

    assert np.array_equal(result, picture)


@pytest.mark.parametrize("box", [(0, 0, 150, 191), (-50, -50, 100, 100), (2, 2, 189, 189)])
def test_a_hole_at_the_border_or_nearly_everywhere_is_filled_too(
    box: tuple[int, int, int, int],
) -> None:
    plain = Image.new("RGB", (SIDE, SIDE), (200, 120, 50))
    mask = Image.new("L", plain.size)
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    damaged = Image.composite(Image.new("RGB", plain.size, "black"), plain, mask)

    assert error(filled(damaged, mask), plain, mask) < 4


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="mask"):
        filled(Image.new("RGB", (8, 8)), Image.new("L", (9, 8)))


def test_the_same_hole_is_filled_in_the_same_way() -> None:
    picture, mask = bricks(), disc((SIDE, SIDE), (50, 50, 90, 90))

    assert np.array_equal(filled(picture, mask), filled(picture, mask))
