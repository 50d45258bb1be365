"""What has faded comes back nearer to what it was; what has not is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.retouch.tones import restore_tones
from tests.pipelines.retouch.old_photos import Lot, sound

CASTS = {  # of each colour: factor and levels
    "yellow": ((1, 0.97, 0.8), (0, 0, -5)),
    "magenta": ((1, 0.86, 0.97), (8, -4, 6)),
    "none": ((1, 1, 1), (0, 0, 0)),
    "blue": ((0.85, 0.95, 1), (-3, 0, 6)),
}
SEEDS = range(16)


def photo(seed: int) -> np.ndarray:
    """A picture with black and white in it: (160, 160, 3)."""
    kind = ("landscape", "portrait", "drawing")[seed % 3]
    pixels = sound(kind, 160, np.random.default_rng(seed))
    low, high = np.percentile(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0.5, 99.5))
    return np.clip((pixels - low) / (high - low) * 243 + 6, 0, 255).astype(np.uint8)


def faded(pixels: np.ndarray, cast: str, lot: Lot) -> np.ndarray:
    low, high = lot.uniform(25, 65), lot.uniform(185, 230)
    factors, levels = CASTS[cast]
    grey = low + pixels / 255 * (high - low)
    return np.clip(np.round(grey * factors + levels), 0, 255).astype(np.uint8)


def restored(pixels: np.ndarray, strength: float = 1.0) -> np.ndarray:
    return np.asarray(restore_tones(Image.fromarray(pixels), strength))


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_fading_and_casts_are_more_than_halved() -> None:
    ratios = []
    for seed in SEEDS:
        before = photo(seed)
        old = faded(before, list(CASTS)[seed % len(CASTS)], np.random.default_rng(seed))
        ratios.append(apart(restored(old), before) / apart(old, before))

    assert np.mean(ratios) < 0.5
    assert max(ratios) < 1.1  # the sky of one is yellow by nature


def test_sound_pictures_change_little() -> None:
    changes = [apart(restored(photo(seed)), photo(seed)) for seed in SEEDS]

    assert np.median(changes) < 5
    assert np.mean(changes) < 6


def test_a_sunset_stays_one() -> None:
    down, across = np.mgrid[0:120, 0:160].astype(float)
    sky = np.stack([np.full_like(down, 250), 90 + down, 30 + 0.4 * down], axis=2)
    sky[down > 90] = (4, 3, 6)
    sky[np.hypot(down - 70, across - 80) < 14] = (255, 240, 170)

    assert apart(restored(sky.astype(np.uint8)), sky.astype(np.uint8)) < 3


def test_yellowed_paper_with_dark_ink_becomes_whiter() -> None:
    page = np.full((100, 100, 3), (250, 238, 205), np.uint8)
    page[20:80:8, 10:90] = (5, 5, 4)

    white = restored(page)[5, 5].astype(int)

    assert white.max() - white.min() < 0.6 * (250 - 205)


def test_twice_is_hardly_more_than_once() -> None:
    changes = []
    for seed in SEEDS:
        old = faded(photo(seed), "yellow", np.random.default_rng(seed))
        once = restored(old)
        changes.append(apart(restored(once), once) / apart(once, old))

    assert np.mean(changes) < 0.15


def test_strength_leads_from_the_picture_itself_to_all_of_it() -> None:
    old = faded(photo(0), "magenta", np.random.default_rng(0))

    assert np.array_equal(restored(old, 0), old)
    assert 0 < apart(restored(old, 0.5), old) < apart(restored(old), old)


def test_grey_stays_grey() -> None:
    grey = Image.fromarray(faded(photo(1), "none", np.random.default_rng(1))).convert("L")

    in_colour = np.asarray(restore_tones(grey.convert("RGB")))

    assert (in_colour == in_colour[..., :1]).all()
    assert np.array_equal(restore_tones(grey), in_colour[..., 0])


@pytest.mark.parametrize(
    ("mode", "result"), [("L", "L"), ("RGB", "RGB"), ("RGBA", "RGBA"), ("LA", "RGBA"), ("P", "RGB")]
)
def test_modes_and_alpha_are_kept(mode: str, result: str) -> None:
    picture = Image.fromarray(photo(2)).convert(mode)
    if "A" in mode:
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))

    after = restore_tones(picture)

    assert (after.mode, after.size) == (result, picture.size)
    if "A" in mode:
        assert np.array_equal(after.getchannel("A"), picture.getchannel("A"))


@pytest.mark.parametrize("colour", ["black", "white", "grey", "red"])
def test_a_single_colour_does_not_fall_apart(colour: str) -> None:
    plain = np.asarray(Image.new("RGB", (20, 20), colour))

    after = restored(plain)

    assert (after == after[0, 0]).all()
    assert apart(after, plain) < 60
