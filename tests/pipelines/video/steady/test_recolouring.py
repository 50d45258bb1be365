"""The colours of a style are learnt from one frame and hold for others."""

from __future__ import annotations

import numpy as np

from pipelines.video.steady.recolouring import recolouring, spread
from tests.pipelines.video.steady.scenes import Scene, Styliser


def test_a_map_learnt_from_one_frame_holds_for_another_place() -> None:
    style = Styliser().ideal
    seen, other = Scene().frame(0), Scene(at=(200.0, 200.0)).frame(0)

    made = recolouring(seen, style(seen))(other)

    assert np.abs(made - style(other)).mean() < 3
    assert np.abs(other.astype(int) - style(other)).mean() > 12


def test_a_frame_of_one_colour_teaches_that_colour_and_nothing_wild() -> None:
    grey, red = np.full((40, 60, 3), 90, np.uint8), np.full((40, 60, 3), (200, 30, 30), np.uint8)

    made = recolouring(grey, red)(np.array([[90, 90, 90], [0, 0, 0], [255, 255, 255]]))

    assert np.abs(made[0] - (200, 30, 30)).max() < 5
    assert made.min() > -150
    assert made.max() < 500


def test_values_spread_into_where_none_are_known() -> None:
    values = np.zeros((60, 120, 3), np.float32)
    values[:, :60], values[:, 60:] = 10, 90
    shares = np.ones((60, 120), np.float32)
    shares[:, 50:70] = 0

    soft = spread(values, shares, 0.05)

    assert abs(soft[30, 5, 0] - 10) < 0.5
    assert abs(soft[30, 60, 0] - 50) < 12
    assert abs(spread(values, shares, 0.02, 0.1)[30, 60, 0]) < 10
    assert np.isfinite(spread(values, 0 * shares, 0.05)).all()
