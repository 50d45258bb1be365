"""A frame is graded in order, and one whose numbers say nothing comes through a whole movie untouched."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.grading.colour import match, reference_of
from pipelines.video.grading.noise import Noise, add_noise
from pipelines.video.grading.prepare import Grading, finish, prepare
from pipelines.video.grading.sharpen import Sharpening, sharpen
from pipelines.video.motion.camera import Move, sampling_matrix
from pipelines.video.motion.warp import warp
from tests.pipelines.video.grading.scenes import gradient_energy, mean_drift, street, warmed

FRAME = street()
SIZE = (FRAME.shape[1], FRAME.shape[0])
NEUTRAL = Grading(sharpening=Sharpening(amount=0), noise=Noise(amount=0))


def test_colours_then_contrast_then_edges_then_noise() -> None:
    grading = Grading(1.2, Sharpening(amount=1), Noise(amount=0.1))
    reference = reference_of(street(seed=9), "LAB")
    matched = match(FRAME, reference).astype(float)
    brought_out = np.clip(np.round(matched * 1.2), 0, 255).astype(np.uint8)
    expected = add_noise(sharpen(brought_out, grading.sharpening), grading.noise, 7, 3)

    assert np.array_equal(prepare(FRAME, grading, reference, 7, 3), expected)


def test_without_a_reference_colours_stay() -> None:
    assert np.array_equal(prepare(FRAME, NEUTRAL, None, 7, 3), FRAME)
    assert np.array_equal(finish(FRAME, None), FRAME)


def test_after_the_diffusion_colours_are_matched_again() -> None:
    reference = reference_of(FRAME, "LAB")

    assert np.array_equal(finish(warmed(FRAME), reference), match(warmed(FRAME), reference))


def test_contrast_is_a_factor_that_ends_at_white() -> None:
    levels = np.repeat(np.array([0, 50, 100, 200], np.uint8)[None, :, None], 3, axis=2)
    graded = prepare(levels, Grading(1.5, NEUTRAL.sharpening, NEUTRAL.noise), None, 0, 0)

    assert graded[0, :, 0].tolist() == [0, 75, 150, 255]


def test_the_frame_that_was_given_is_not_written_on() -> None:
    frame = street()
    prepare(frame, Grading(1.3, Sharpening(amount=1), Noise(amount=0.2)), None, 1, 1)

    assert np.array_equal(frame, FRAME)


@pytest.mark.parametrize("space", ["HSV", "LAB", "RGB", None])
def test_a_still_camera_and_a_model_that_changes_nothing_give_the_same_bits_frame_after_frame(
    space: str | None,
) -> None:
    reference = reference_of(FRAME, space) if space else None  # type: ignore[arg-type]
    frame = FRAME
    for number in range(30):
        warped = warp(frame, sampling_matrix(Move(zoom=1.0, angle_degrees=0.0), SIZE), "wrap")
        frame = finish(prepare(warped, NEUTRAL, reference, 1, number), reference)

    assert np.array_equal(frame, FRAME)


def test_a_wandering_camera_drifts_in_nothing() -> None:
    reference, frame = reference_of(FRAME, "LAB"), FRAME
    for number in range(100):
        move = Move(translation_x_px=3 if number % 2 else -2, translation_y_px=1)
        warped = warp(frame, sampling_matrix(move, SIZE), "wrap")
        frame = finish(prepare(warped, NEUTRAL, reference, 1, number), reference)

    assert mean_drift(frame, FRAME) <= 2
    assert gradient_energy(frame) >= 0.9 * gradient_energy(FRAME)


def test_a_contrast_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        Grading(contrast=-1.0)

    assert caught.value.field == "contrast"
