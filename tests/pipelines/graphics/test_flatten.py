"""Flat colours: few, clean, true to the picture, with soft edges, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.graphics.flatten import flat
from pipelines.graphics.regions import regions_of
from tests.pipelines.graphics.sights import alpha_of, apart, disc, image, laid, ring, shape

RED, WHITE, BLUE = (200, 30, 40), (250, 250, 248), (40, 90, 200)


def noisy(picture: Image.Image, levels: float) -> Image.Image:
    noise = np.random.default_rng(4).normal(0, levels, (*picture.size[::-1], 3))
    return image(np.asarray(picture, float) + noise)


def test_noise_goes_and_the_colours_stay() -> None:
    clean = laid(shape(disc), RED, WHITE)

    regions = regions_of(noisy(clean, 7), 8)

    assert len(regions.palette) == 2
    for colour in (RED, WHITE):
        assert np.abs(regions.palette.astype(int) - colour).max(axis=1).min() <= 6


def test_edges_stay_where_they_are_and_soft() -> None:
    clean = laid(shape(ring), RED, WHITE)

    assert apart(flat(noisy(clean, 5), 4), clean) < 0.02


def test_the_mixtures_along_an_edge_are_no_colours() -> None:
    soft = laid(shape(disc), RED, WHITE).resize((256, 256), Image.Resampling.BICUBIC)

    assert len(regions_of(soft, 12).palette) == 2


def test_specks_are_absorbed_and_details_are_kept() -> None:
    picture = laid(shape(disc), RED, WHITE)
    picture.putpixel((60, 64), (0, 0, 0))
    picture.paste(BLUE, (50, 60, 58, 68))

    seen = np.asarray(flat(picture, 6))

    assert np.abs(seen[64, 54, :3].astype(int) - BLUE).max() <= 4
    assert np.abs(seen[64, 62, :3].astype(int) - RED).max() <= 4


def test_alpha_is_kept() -> None:
    truth = shape(disc)
    picture = Image.merge("RGBA", [*Image.new("RGB", (128, 128), RED).split(), _level(truth)])

    alpha = alpha_of(flat(picture, 4))

    assert np.abs(alpha - truth).max() < 0.2
    assert alpha[truth == 0].max() == 0
    assert alpha[truth == 1].min() > 0.9


def _level(alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(alpha * 255).astype(np.uint8))


@pytest.mark.parametrize("colours", [2, 5, 12])
def test_there_are_no_more_colours_than_were_asked_for(colours: int) -> None:
    ramp = np.linspace(0, 255, 96)[None, :, None] * np.ones((96, 1, 3)) * (1, 0.5, 0.2)

    regions = regions_of(image(ramp), colours)

    assert 1 < len(regions.palette) <= colours


def test_more_colours_come_nearer_to_the_picture() -> None:
    ramp = np.linspace(0, 255, 128)[None, :, None] * np.ones((64, 1, 3)) * (1, 0.5, 0.2)

    def error(colours: int) -> float:
        seen = np.asarray(flat(image(ramp), colours).convert("RGB"), float)
        return float(np.abs(seen - ramp).mean())

    assert error(16) < error(6) < error(2)


def test_the_same_picture_gives_the_same_graphic() -> None:
    picture = noisy(laid(shape(ring), RED, WHITE), 9)

    assert np.array_equal(np.asarray(flat(picture, 6)), np.asarray(flat(picture, 6)))


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (1600, 40)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    assert flat(Image.new("RGB", size, RED), 4).size == size
    assert alpha_of(flat(Image.new("RGBA", size), 4)).max() == 0
