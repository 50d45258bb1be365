"""Edges are made steeper by as much as is asked for, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.grading.sharpen import Sharpening, sharpen
from tests.pipelines.video.grading.scenes import gradient_energy, street

EDGE = np.full((30, 40, 3), 100, np.uint8)
EDGE[:, 20:] = 140


def test_no_amount_gives_the_same_bits() -> None:
    frame = street()

    assert np.array_equal(sharpen(frame, Sharpening(amount=0)), frame)


def test_both_sides_of_an_edge_move_apart_by_what_the_kernel_says() -> None:
    weights = np.exp(-(np.arange(-2, 3) ** 2) / 2)
    across = weights[3:].sum() / weights.sum()  # of the kernel beyond the edge

    row = sharpen(EDGE, Sharpening(kernel_px=5, sigma_px=1, amount=2))[15, :, 0]

    assert row[19] == round(100 - 2 * 40 * across)
    assert row[20] == round(140 + 2 * 40 * across)
    assert (row[:18] == 100).all()
    assert (row[22:] == 140).all()


def test_a_wider_kernel_reaches_farther() -> None:
    row = sharpen(EDGE, Sharpening(kernel_px=11, sigma_px=3, amount=2))[15, :, 0]

    assert row[16] < 100 < 140 < row[23]


def test_differences_below_the_threshold_stay() -> None:
    frame = street()
    over_edges = sharpen(frame, Sharpening(amount=1.5, threshold=15))
    everywhere = sharpen(frame, Sharpening(amount=1.5))

    assert 0 < (over_edges != frame).mean() < 0.5 * (everywhere != frame).mean()
    assert gradient_energy(everywhere) > gradient_energy(over_edges) > gradient_energy(frame)


def test_levels_end_at_black_and_white() -> None:
    frame = np.zeros((9, 9, 3), np.uint8)
    frame[:, 5:] = 255

    assert np.array_equal(sharpen(frame, Sharpening(amount=5)), frame)


@pytest.mark.parametrize("change", [{"kernel_px": 4}, {"kernel_px": 0}, {"amount": -1.0}])
def test_a_mask_that_cannot_be_made_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(RequestError) as caught:
        Sharpening(**change)  # type: ignore[arg-type]

    assert [caught.value.field] == list(change)
