"""A picture is moved exactly, and with its detail."""

from __future__ import annotations

import numpy as np

from pipelines.video.steady.flow import Motion
from pipelines.video.steady.warping import rounded, stretched, warped
from tests.pipelines.video.steady.scenes import Scene

SIZE = (90, 160)


def even(across: float, down: float) -> Motion:
    flow = np.full((*SIZE, 2), (across, down), np.float32)
    return Motion(flow, np.ones(SIZE, np.float32))


def test_whole_pixels_are_moved_to_the_bit() -> None:
    picture = Scene(width=160, height=90).frame(0)

    moved = rounded(warped(picture, even(3, -2)))

    assert (moved[2:, :-3] == picture[:-2, 3:]).all()
    assert (moved[:2, 0] == picture[0, 3]).all()
    assert moved.flags.c_contiguous


def test_fractions_of_a_pixel_keep_the_detail() -> None:
    scene = Scene(width=160, height=90, pan_px=(1.0, 0.0))
    back = Scene(width=160, height=90, pan_px=(1.0, 0.0)).frame(0.5)

    moved = warped(scene.frame(0), even(0.5, 0))

    assert np.abs(moved - back)[8:-8, 8:-8].mean() < 0.7


def test_a_motion_of_a_small_copy_is_as_long_on_the_frame_as_the_frame_is_larger() -> None:
    wide = stretched(even(2, 1), (270, 320))

    assert wide.confidence.shape == (270, 320)
    assert np.allclose(wide.flow, (4, 3), atol=1e-5)


def test_levels_are_rounded_and_cut() -> None:
    assert rounded(np.array([[[-3.0, 0.6, 300.0]]], np.float32)).tolist() == [[[0, 1, 255]]]
