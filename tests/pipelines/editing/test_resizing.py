"""Where a drawn mark lands when a picture comes to another size."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.editing.resizing import resized
from pipelines.editing.source import RESIZES

# A picture of 80 × 40 with a mark around (60, 10) → where that is in one of 64 × 64.
PLACES = {"stretch": (48, 16), "latent": (48, 16), "crop": (64, 16), "fill": (48, 24)}


def marked() -> Image.Image:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[8:12, 58:62] = 255
    return Image.fromarray(pixels)


def centre(picture: Image.Image) -> tuple[float, float]:
    """Where it is bright: (x, y), of the edges between pixels."""
    weight = np.asarray(picture.convert("L"), float)
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]] + 0.5
    return float((x * weight).sum() / weight.sum()), float((y * weight).sum() / weight.sum())


@pytest.mark.parametrize("way", RESIZES)
def test_every_way_gives_the_size(way: str) -> None:
    for size in ((64, 64), (8, 128), (80, 40), (1, 1)):
        assert resized(marked(), size, way).size == size


@pytest.mark.parametrize("way", ["stretch", "latent", "fill"])
def test_a_mark_lands_where_the_geometry_says(way: str) -> None:
    assert centre(resized(marked(), (64, 64), way)) == pytest.approx(PLACES[way], abs=0.3)


def test_what_juts_out_is_cut_off() -> None:
    """Scaled to 128 × 64, of which 32 pixels are cut off on each side: the mark lies on the cut."""
    x, y = centre(resized(marked(), (64, 64), "crop"))

    assert x > 60
    assert y == pytest.approx(16, abs=0.3)


def test_a_fill_draws_the_edges_out() -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[0], pixels[-1] = (250, 0, 0), (0, 0, 250)

    whole = np.asarray(resized(Image.fromarray(pixels), (40, 40), "fill"))

    assert (whole[:10] == (250, 0, 0)).all()
    assert (whole[-10:] == (0, 0, 250)).all()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_picture_of_the_right_size_is_not_touched(mode: str) -> None:
    picture = marked().convert(mode)

    assert resized(picture, (80, 40), "crop") is picture
