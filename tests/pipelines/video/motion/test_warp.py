"""Frames are sampled where the matrix says, once, and beyond their borders as they are told."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.video.motion.camera import Move, Tilt, compose, sampling_matrix
from pipelines.video.motion.warp import BORDERS, Border, Frame, sample, warp
from tests.pipelines.video.motion.scenes import (
    as_frame,
    drawn,
    gradient_energy,
    places,
    psnr_db,
    scene,
    through,
)

NOISE = np.random.default_rng(5).integers(0, 256, (48, 80, 3), np.uint8)
SIZE = (80, 48)
PAD_MODES: dict[Border, str] = {"replicate": "edge", "wrap": "wrap", "reflect": "symmetric"}
STEP = Move(zoom=1.004, angle_degrees=0.3)


def shifted(frame: Frame, x_px: float, y_px: float, border: Border) -> Frame:
    move = Move(translation_x_px=x_px, translation_y_px=y_px)
    return warp(frame, sampling_matrix(move, (frame.shape[1], frame.shape[0])), border)


@pytest.mark.parametrize("border", BORDERS)
def test_standing_still_gives_the_same_bits(border: Border) -> None:
    frame = NOISE
    for _ in range(5):
        frame = warp(frame, sampling_matrix(Move(), SIZE), border)

    assert np.array_equal(frame, NOISE)
    assert frame.flags.c_contiguous


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(("x_px", "y_px"), [(3, -5), (-90, 50), (700, 333), (0, 1)])
def test_whole_pixels_are_shifted_exactly(border: Border, x_px: int, y_px: int) -> None:
    around = np.pad(NOISE, ((700, 700), (700, 700), (0, 0)), PAD_MODES[border])  # type: ignore[call-overload]
    expected = around[700 - y_px :, 700 - x_px :][:48, :80]

    assert np.array_equal(shifted(NOISE, x_px, y_px, border), expected)


@pytest.mark.parametrize("border", ["wrap", "reflect"])
def test_far_away_the_frame_still_repeats(border: Border) -> None:
    far = shifted(NOISE, 3 + 2 * 80 * 300, -5 - 2 * 48 * 700, border)

    assert np.array_equal(far, shifted(NOISE, 3, -5, border))


def test_far_away_there_is_the_colour_of_the_nearest_pixel() -> None:
    assert (shifted(NOISE, -90_000, -90_000, "replicate") == NOISE[-1, -1]).all()


@pytest.mark.parametrize("border", BORDERS)
def test_zooming_out_shows_what_lies_beyond_the_frame(border: Border) -> None:
    frame = drawn(80, 48)
    around = np.pad(frame, ((480, 480), (800, 800), (0, 0)), PAD_MODES[border])  # type: ignore[call-overload]
    matrix = sampling_matrix(Move(zoom=0.75, angle_degrees=10), SIZE)
    x, y = through(matrix, *places(*SIZE))
    expected = sample(
        around, (x + 799.5).astype(np.float32), (y + 479.5).astype(np.float32), border
    )

    seen = warp(frame, matrix, border).astype(int)

    assert np.abs(seen - expected).max() <= 2


def test_zooming_far_out_passes_no_pixels_over() -> None:
    board = np.indices((128, 128)).sum(axis=0) % 2 * 255
    frame = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)

    seen = warp(frame, sampling_matrix(Move(zoom=0.3), (128, 128)), "wrap").astype(float)

    assert np.abs(seen - 127.5).max() < 40


@pytest.mark.parametrize("border", BORDERS)
def test_a_plain_frame_stays_plain(border: Border) -> None:
    plain = np.full((48, 80, 3), (7, 130, 250), np.uint8)
    move = Move(zoom=0.9, angle_degrees=33, translation_x_px=11.7, tilt=Tilt(gamma_degrees=20))

    assert np.array_equal(warp(plain, sampling_matrix(move, SIZE), border), plain)


def test_what_is_behind_the_camera_is_not_seen() -> None:
    frame = np.full((200, 200, 3), 60, np.uint8)
    frame[150:] = 200
    tilt = Tilt(phi_degrees=65, field_of_view_degrees=120)
    matrix = sampling_matrix(Move(tilt=tilt), (200, 200))
    is_behind = matrix[2] @ (100, 10, 1) < 0

    seen = warp(frame, matrix, "replicate")

    assert is_behind
    assert (seen[:40] == 60).all()
    assert (seen[160:] == 200).any()


def test_sixty_moves_sampled_once_come_close_to_the_truth() -> None:
    size = (240, 240)
    matrix = compose([STEP] * 60, size)
    x, y = through(matrix, *places(*size))
    is_inside = (np.minimum(x, y) > 4) & (np.maximum(x, y) < 236)
    truth = scene(x, y)
    stepwise = drawn(*size)
    for _ in range(60):
        stepwise = warp(stepwise, sampling_matrix(STEP, size), "replicate")

    once = warp(drawn(*size), matrix, "replicate")

    assert psnr_db(once, truth, is_inside) >= 48
    assert psnr_db(stepwise, truth, is_inside) < 36
    kept = gradient_energy(once, is_inside) / gradient_energy(as_frame(truth), is_inside)
    assert kept == pytest.approx(1, abs=0.02)


def test_dense_maps_count_from_the_centre_of_the_first_pixel() -> None:
    x, y = np.meshgrid(np.arange(80, dtype=np.float32), np.arange(48, dtype=np.float32))

    assert np.array_equal(sample(NOISE, x, y, "replicate"), NOISE)
    assert np.array_equal(sample(NOISE, x[:9, :7] + 2, y[:9, :7] + 3, "wrap"), NOISE[3:12, 2:9])
