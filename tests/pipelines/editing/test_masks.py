"""What a mask picture marks, how soft it becomes, and where it is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.editing.masks import bounds, levels_of, softened


def test_a_mask_is_as_white_as_it_looks() -> None:
    grey = Image.fromarray(np.array([[0, 100, 255]], np.uint8))

    assert levels_of(grey).tolist() == [[0, 100, 255]]
    assert levels_of(grey.convert("RGB")).tolist() == [[0, 100, 255]]
    assert levels_of(grey, is_inverted=True).tolist() == [[255, 155, 0]]


def test_in_a_mask_with_transparency_what_is_opaque_is_marked() -> None:
    mask = Image.new("RGBA", (4, 1), (0, 0, 0, 0))
    for x, alpha in enumerate((0, 128, 129, 255)):
        mask.putpixel((x, 0), (0, 0, 0, alpha))

    assert levels_of(mask).tolist() == [[0, 0, 255, 255]]
    assert levels_of(mask, is_inverted=True).tolist() == [[255, 255, 0, 0]]


def test_an_alpha_that_is_opaque_everywhere_says_nothing() -> None:
    mask = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    mask.putpixel((1, 0), (255, 255, 255, 255))

    assert levels_of(mask).tolist() == [[0, 255]]


@pytest.mark.parametrize(("sigma", "reach"), [(4.0, 10), (1.0, 3), (0.5, 1), (10.0, 25)])
def test_blur_reaches_as_far_as_automatic1111s(sigma: float, reach: int) -> None:
    """A kernel of 2·int(2.5 σ + 0.5) + 1 pixels: with blur 4 that is 21."""
    mask = np.zeros((1, 200), np.uint8)
    mask[:, :100] = 255

    soft = softened(mask, sigma)[0]

    assert np.flatnonzero(soft < 255)[0] >= 100 - reach
    assert np.flatnonzero(soft)[-1] <= 99 + reach
    assert (np.diff(soft.astype(int)) <= 0).all()
    assert abs(int(soft[99]) + int(soft[100]) - 255) <= 1  # half way at the border


def test_without_blur_a_mask_stays_as_it_is() -> None:
    mask = np.eye(5, dtype=np.uint8) * 255

    assert np.array_equal(softened(mask, 0), mask)


def test_bounds_hold_all_that_is_marked() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[4, 7] = 1
    mask[9, 3] = 255

    found = bounds(mask)

    assert found is not None
    assert found.box == (3, 4, 8, 10)
    assert bounds(np.zeros((3, 3), np.uint8)) is None
