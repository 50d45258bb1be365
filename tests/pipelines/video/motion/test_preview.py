"""The preview shows what the frames will do, small, in any order, and however far the camera goes."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipelines.video.motion.camera import Move, Tilt, compose
from pipelines.video.motion.preview import preview
from pipelines.video.motion.warp import warp
from tests.pipelines.video.motion.scenes import drawn

SIZE = (512, 320)
MOVE = Move(zoom=1.02, angle_degrees=1.5, translation_x_px=4, translation_y_px=-2)


def step_sizes(frames: list[np.ndarray]) -> np.ndarray:
    return np.array([np.abs(a.astype(float) - b).mean() for a, b in pairwise(frames)])


@pytest.mark.parametrize(
    ("size", "small"), [(SIZE, (256, 160)), ((100, 60), (100, 60)), ((300, 1200), (64, 256))]
)
def test_frames_are_small_and_in_proportion(size: tuple[int, int], small: tuple[int, int]) -> None:
    for picture in (None, np.zeros((size[1], size[0], 3), np.uint8)):
        frame = preview([MOVE] * 3, size, "wrap", picture).frame(2)

        assert (frame.shape, frame.dtype) == ((small[1], small[0], 3), np.uint8)


def test_a_picture_moves_as_the_frames_themselves_will() -> None:
    picture = drawn(*SIZE)
    full = warp(picture, compose([MOVE] * 10, SIZE), "reflect")
    expected = cv2.resize(full, (256, 160), interpolation=cv2.INTER_AREA).astype(float)

    seen = preview([MOVE] * 11, SIZE, "reflect", picture).frame(10)

    assert np.abs(seen - expected).mean() < 2.5
    assert np.abs(np.roll(seen, 1, axis=1) - expected).mean() > 5


def test_the_first_frame_stands_where_it_is() -> None:
    picture = drawn(256, 160)
    shown = preview([Move(zoom=3), Move(), MOVE], (256, 160), "wrap", picture)

    assert np.array_equal(shown.frame(0), picture)
    assert np.array_equal(shown.frame(1), picture)
    assert not np.array_equal(shown.frame(2), picture)
    with pytest.raises(IndexError):
        shown.frame(3)


def test_the_grid_is_the_same_twice_as_near() -> None:
    shown = preview([Move(zoom=2**0.1)] * 11, (256, 256), "wrap")
    first, again, between = (shown.frame(k).astype(float) for k in (0, 10, 5))

    assert np.abs(again - first).max() <= 1
    assert np.abs(between - first).mean() > 3


def test_the_grid_has_lines_however_long_the_camera_goes() -> None:
    for move in (Move(zoom=1.5, angle_degrees=3), Move(zoom=0.6), Move(translation_x_px=900)):
        shown = preview([move] * 1500, SIZE, "wrap")

        assert shown.frame(1499).std() > 10
        assert np.isfinite(shown.matrices).all()


def test_the_grid_never_jumps() -> None:
    shown = preview([Move(zoom=2 ** (1 / 120), centre_x=0.3)] * 122, (128, 96), "wrap")
    steps = step_sizes([shown.frame(k) for k in range(122)])

    assert steps.max() < 2 * np.median(steps)


def test_the_grid_is_the_same_far_away() -> None:
    far, near = (
        preview([Move(translation_x_px=x)] * 6, (256, 160), "wrap") for x in (2**16 + 3, 3)
    )

    assert np.array_equal(far.frame(5), near.frame(5))
    assert not np.array_equal(near.frame(5), near.frame(0))


def test_a_tilted_grid_runs_together_where_it_goes_away() -> None:
    shown = preview([Move(tilt=Tilt(gamma_degrees=4))] * 9, SIZE, "wrap").frame(8)
    blue_rows = [(shown[:, column, 2] > 150).nonzero()[0] for column in (10, 245)]

    near, far = (np.ptp(rows) / (len(rows) - 1) for rows in blue_rows)
    assert near != pytest.approx(far, rel=0.1)


def test_a_picture_survives_a_zoom_without_end() -> None:
    for zoom in (100.0, 0.01):
        shown = preview([Move(zoom=zoom)] * 300, SIZE, "reflect", drawn(*SIZE))

        assert shown.frame(299).shape == (160, 256, 3)
        assert np.isfinite(shown.matrices).all()
