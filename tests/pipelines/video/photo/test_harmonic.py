"""Known values go on as smoothly as can be inside a region."""

from __future__ import annotations

import numpy as np

from pipelines.video.photo.harmonic import harmonic


def test_between_the_ends_of_a_channel_it_is_a_straight_line() -> None:
    inside = np.zeros((40, 120), bool)
    inside[10:30] = True
    known, values = np.zeros_like(inside), np.zeros((40, 120, 1), np.float32)
    known[10:30, [0, 119]] = True
    values[:, 119] = 1

    found = harmonic(values, known, inside)[..., 0]

    assert np.abs(found[10:30] - np.linspace(0, 1, 120)).max() < 0.01


def test_it_follows_a_bent_channel_and_not_the_short_cut() -> None:
    inside = np.zeros((90, 90), bool)
    inside[10:80, 10:20] = inside[10:80, 70:80] = inside[70:80, 10:80] = True  # a U
    known, values = np.zeros_like(inside), np.zeros((90, 90, 2), np.float32)
    known[10, 10:20] = known[10, 70:80] = True
    values[10, 70:80] = (1, -2)

    found = harmonic(values, known, inside)

    assert np.abs(found[75, 45] - (0.5, -1)).max() < 0.02
    assert found[40, 15, 0] < 0.3 < 0.7 < found[40, 74, 0]


def test_known_values_are_kept_and_outside_it_is_0() -> None:
    inside = np.zeros((30, 50), bool)
    inside[5:25, 5:45] = True
    known = np.zeros_like(inside)
    known[12, 9] = known[20, 40] = True
    values = np.where(known, 3.5, 0)[..., None].astype(np.float32)

    found = harmonic(values, known, inside)

    assert np.allclose(found[inside], 3.5, atol=1e-3)
    assert (found[known] == 3.5).all()
    assert (found[~inside] == 0).all()


def test_a_part_that_touches_no_known_cell_is_0() -> None:
    inside = np.ones((32, 64), bool)
    inside[:, 30:33] = False
    known = np.zeros_like(inside)
    known[10, 10] = True
    values = np.full((32, 64, 1), 2, np.float32)

    found = harmonic(values, known, inside)

    assert (found[:, 33:] == 0).all()
    assert np.allclose(found[:, :30], 2, atol=1e-3)
