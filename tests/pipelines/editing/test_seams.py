"""Two pictures joined: nothing of the old one changes outside, the new one meets it without a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipelines.editing.seams import GRID_PX, Bend, blended, membrane

Levels = np.ndarray[Any, np.dtype[np.uint8]]


def slope(height: int, width: int) -> Levels:
    """A picture whose every channel rises its own way."""
    y, x = np.mgrid[:height, :width]
    rising = np.stack(
        [x / width * 200, y / height * 120 + 50, 160 - (x + y) / (height + width) * 90], -1
    )
    return rising.astype(np.uint8)


def framed(height: int, width: int, margin: int) -> Levels:
    """An alpha that is 255 but for a margin."""
    alpha = np.zeros((height, width), np.uint8)
    alpha[margin:-margin, margin:-margin] = 255
    return alpha


@pytest.mark.parametrize("side", [9, 32, 100, 257])
def test_a_membrane_goes_on_as_its_border_says(side: int) -> None:
    y, x = np.mgrid[:side, :side].astype(np.float32)
    plane = np.stack([x, y, (x - y) / 2], -1) / side * 200
    is_known = framed(side, side, 3) == 0

    found = membrane(plane, is_known)

    assert np.array_equal(found[is_known], plane[is_known])
    assert np.abs(found - plane).max() < 0.08 * 200
    assert np.abs(found - plane).mean() < 0.03 * 200


def test_a_membrane_never_leaves_the_range_of_its_border() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=(70, 90, 3)).astype(np.float32)
    is_known = generator.random((70, 90)) < 0.02

    found = membrane(values, is_known)

    assert found.max() <= values[is_known].max() + 1e-4
    assert found.min() >= values[is_known].min() - 1e-4


@pytest.mark.parametrize(("is_known", "mean"), [(False, 0.0), (True, 5.0)])
def test_nothing_known_is_nothing_and_all_known_is_itself(is_known: bool, mean: float) -> None:
    values = np.full((20, 30, 3), 5, np.float32)

    assert membrane(values, np.full((20, 30), is_known)).mean() == mean


@pytest.mark.parametrize("side", [90, GRID_PX + 200], ids=["small", "on a coarser grid"])
def test_a_flat_piece_takes_on_the_colours_around_it(side: int) -> None:
    old, alpha = slope(side, side - 20), framed(side, side - 20, 20)

    joined = blended(old, np.full_like(old, 128), alpha, hides_seams=True)

    assert np.array_equal(joined[alpha == 0], old[alpha == 0])
    assert np.abs(joined.astype(int) - old).max() <= 6


def test_a_piece_keeps_its_own_texture() -> None:
    old, alpha = np.full((80, 80, 3), 90, np.uint8), framed(80, 80, 10)
    new = np.full_like(old, 150)
    new[40:50, 40:50] = 200  # 50 levels above what is around it

    joined = blended(old, new, alpha, hides_seams=True)

    assert abs(int(joined[45, 45, 0]) - 140) <= 2
    assert abs(int(joined[20, 20, 0]) - 90) <= 2


def test_colours_that_drift_where_the_piece_begins_begin_with_those_of_their_neighbours() -> None:
    """The new picture shows the old part as it is and goes on a little brighter: its own step is hidden too."""
    old = np.full((64, 96, 3), 100, np.uint8)
    alpha = np.zeros((64, 96), np.uint8)
    alpha[:, 48:] = 255
    new = np.where(alpha[..., None] > 0, 118, old).astype(np.uint8)

    joined = blended(old, new, alpha, hides_seams=True)

    assert np.abs(joined[:, 48].astype(int) - 100).max() <= 1


def test_another_thing_that_begins_at_the_border_keeps_its_colour() -> None:
    old = np.full((128, 96, 3), 100, np.uint8)
    alpha = np.zeros((128, 96), np.uint8)
    alpha[:, 48:] = 255
    new = old.copy()
    new[32:96, 48:] = (220, 30, 30)

    joined = blended(old, new, alpha, hides_seams=True)

    assert np.abs(joined[40:88, 48:].astype(int) - (220, 30, 30)).max() <= 3


def test_what_differs_over_a_short_stretch_meets_and_fades() -> None:
    """A horizon that lies four pixels lower beyond the border."""
    old = np.full((128, 128, 3), 200, np.uint8)
    old[64:] = 80
    alpha = np.zeros((128, 128), np.uint8)
    alpha[:, 64:] = 255
    new = old.copy()
    new[64:68, 64:] = 200

    joined = blended(old, new, alpha, hides_seams=True).astype(int)

    assert np.abs(joined[64:68, 64] - joined[64:68, 63]).max() < 70  # of 120
    assert np.abs(joined[:, 90:] - new[:, 90:]).max() <= 8


def test_without_it_the_piece_is_laid_in_as_it_is() -> None:
    old, alpha = slope(60, 60), framed(60, 60, 15)
    new = np.full_like(old, 128)

    joined = blended(old, new, alpha, hides_seams=False)

    assert np.array_equal(joined, np.where(alpha[..., None] > 0, new, old))


def test_between_black_and_white_they_are_mixed() -> None:
    old, new = np.full((4, 4, 3), 100, np.uint8), np.full((4, 4, 3), 200, np.uint8)

    assert (blended(old, new, np.full((4, 4), 51, np.uint8), hides_seams=False) == 120).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 2), (3, 5)])
def test_pictures_of_any_shape_are_joined(shape: tuple[int, int]) -> None:
    old = np.full((*shape, 3), 40, np.uint8)
    alpha = np.full(shape, 255, np.uint8)
    alpha[0, 0] = 0

    joined = blended(old, old + 60, alpha, hides_seams=True)

    assert joined[0, 0].tolist() == [40, 40, 40]
    assert np.abs(joined.astype(int) - 40).max() <= 1


def test_tiles_of_a_large_picture_meet() -> None:
    """The border runs through some tiles only; between these and the others nothing is to be seen."""
    side = GRID_PX + 500
    old = slope(side, side)
    alpha = framed(side, side, 100)
    bend = Bend.between(old, np.full_like(old, 128), alpha == 0)
    rows = np.concatenate(
        [bend.at((slice(256, 384), slice(left, left + 128))) for left in range(0, 1280, 128)],
        axis=1,
    )

    assert np.abs(np.diff(rows, axis=1)).max() < 1.5
