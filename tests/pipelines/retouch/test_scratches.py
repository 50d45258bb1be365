"""Scratches and dust are found on pictures of every kind, and sound pictures are left alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio
import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.retouch.scratches import scratches
from tests.pipelines.retouch.old_photos import KINDS, damaged, sound

PICTURES = 50
SIZES_PX = (256, 320, 512, 1024)


def marked(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(scratches(Image.fromarray(pixels))) > 0


@cache
def figures() -> list[tuple[int, int, int, int, float]]:
    """Of each picture: damaged pixels, those found, sound pixels, those marked, and what is marked without damage."""
    rows = []
    for number in range(PICTURES):
        lot = np.random.default_rng([7, number])
        kind = KINDS[number % len(KINDS)]
        picture = sound(kind, int(lot.choice(SIZES_PX, p=(0.5, 0.35, 0.12, 0.03))), lot)
        old, damage = damaged(picture, lot)
        found = marked(old)
        rows.append(
            (
                int(damage.sum()),
                int((found & damage).sum()),
                int((~damage).sum()),
                int((found & ~damage).sum()),
                float(marked(picture).mean()),
            )
        )
    return rows


def test_nearly_all_damage_is_found_and_hardly_anything_else() -> None:
    damage, found, whole, false, _ = np.array(figures()).T

    assert found.sum() / damage.sum() > 0.9
    assert false.sum() / whole.sum() < 0.025
    assert (found / damage).min() > 0.6


def test_a_sound_picture_is_left_alone() -> None:
    clean = np.array(figures())[:, 4]

    assert clean.mean() < 0.01
    assert np.quantile(clean, 0.8) < 0.01
    assert clean.max() < 0.1  # the rim that some drawings have is a line as good as any


def test_outlines_of_things_are_no_scratches() -> None:
    picture = Image.new("RGB", (400, 300), (190, 205, 220))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 200, 400, 300), fill=(70, 110, 60))
    draw.rectangle((120, 120, 260, 240), fill=(180, 60, 50))
    draw.polygon(((100, 120), (190, 50), (280, 120)), fill=(90, 40, 40))
    draw.ellipse((310, 20, 370, 80), fill=(250, 230, 120))

    assert np.asarray(scratches(picture)).astype(bool).mean() < 0.002


def test_the_detail_of_real_photographs_is_hardly_marked() -> None:
    """On photographs that come with Gradio; spots of a cheetah and branches are the hardest there are."""
    shares = {}
    for name in ("cheetah.jpg", "cheetah1.jpg", "groot.jpeg", "lion.jpg", "tower.jpg"):
        with Image.open(Path(gradio.__file__).parent / "media_assets" / "images" / name) as photo:
            shares[name] = float((np.asarray(scratches(photo)) > 0).mean())

    assert np.median([*shares.values()]) < 0.05
    assert max(shares.values()) < 0.1
    assert shares["lion.jpg"] < 0.015


@pytest.mark.parametrize("ink", ["white", "black"])
def test_a_scratch_is_followed_across_an_outline(ink: str) -> None:
    picture = Image.new("L", (300, 200), 90)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((150, 0, 300, 200), fill=150)
    draw.line((20, 60, 280, 140), fill=ink, width=3)

    found = np.asarray(scratches(picture)) > 0

    assert found[np.asarray(picture) == (255 if ink == "white" else 0)].mean() > 0.97


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "I;16"])
def test_the_mask_is_black_and_white_and_of_the_pictures_size_in_every_mode(mode: str) -> None:
    picture = Image.new("L", (90, 60), 128)
    ImageDraw.Draw(picture).line((5, 5, 80, 50), fill=250, width=2)
    picture = Image.new("I;16", (90, 60)) if mode == "I;16" else picture.convert(mode)

    mask = scratches(picture)

    assert (mask.mode, mask.size) == ("L", (90, 60))
    assert set(np.unique(mask)) <= {0, 255}


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (9, 9), (23, 12)])
def test_a_tiny_picture_has_a_mask_too(size: tuple[int, int]) -> None:
    assert scratches(Image.new("RGB", size, "white")).size == size


def test_the_same_picture_has_the_same_mask() -> None:
    old, _ = damaged(sound("landscape", 256, np.random.default_rng(3)), np.random.default_rng(4))

    assert np.array_equal(marked(old), marked(old.copy()))


def test_a_large_picture_is_looked_at_smaller_and_marked_in_full_size() -> None:
    picture = Image.new("RGB", (3000, 2400), (120, 110, 100))
    ImageDraw.Draw(picture).line((200, 200, 2700, 2100), fill=(240, 240, 235), width=7)

    found = np.asarray(scratches(picture)) > 0

    assert found[np.asarray(picture)[..., 0] == 240].mean() > 0.97
    assert found.mean() < 0.01
