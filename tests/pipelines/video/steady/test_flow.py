"""The flow is the true one where a scene moves in a known way, and what it cannot know it does not claim."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.flow import Motion, backward, chained, compose, motions
from pipelines.video.steady.warping import stretched, warped
from tests.pipelines.video.steady.scenes import Array, Scene

STILL = Scene(width=480, height=270, pan_px=(0.0, 0.0))
MOVES = {
    "pan": replace(STILL, pan_px=(2.5, 0.5)),
    "zoom": replace(STILL, zoom=1.01),
    "turn": replace(STILL, turn_degrees=0.7),
    "far": replace(STILL, pan_px=(22.0, -6.0)),
}
DISC = replace(STILL, pan_px=(3.0, 0.5), disc_radius_px=45, disc_px=(-3.0, 1.0))


def errors(flow: Array, scene: Scene, start: int, end: int) -> Array:
    return np.asarray(np.linalg.norm(flow - scene.flow(start, end), axis=-1))


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize(("quality", "error_px"), [("fast", 0.2), ("medium", 0.1)])
def test_end_points_are_right_to_a_fraction_of_a_pixel(
    name: str, quality: str, error_px: float
) -> None:
    scene = MOVES[name]

    flow = backward(scene.frame(1), scene.frame(0), quality)

    assert flow.dtype == np.float32
    assert errors(flow, scene, 1, 0)[scene.visible(1, 0)].mean() < error_px


def test_the_previous_frame_sampled_along_the_flow_is_the_current_one() -> None:
    before, after = DISC.frame(0), DISC.frame(1)

    motion = motions(after, before)[0]

    apart = np.abs(warped(before, motion) - after)[DISC.visible(1, 0)]
    assert apart.mean() < 1
    assert np.abs(before.astype(int) - after)[DISC.visible(1, 0)].mean() > 6


def test_what_is_hidden_or_outside_in_the_other_frame_is_not_trusted() -> None:
    scene = replace(DISC, disc_px=(9.0, 2.0), pan_px=(6.0, 0.0))

    confidence = motions(scene.frame(1), scene.frame(0))[0].confidence

    is_outside = np.arange(480) + scene.flow(1, 0)[..., 0] > 480
    assert confidence[scene.visible(1, 0)].mean() > 0.97
    assert confidence[is_outside].max() == 0
    assert confidence[scene.hidden(1, 0)].mean() < 0.15
    assert scene.hidden(1, 0).sum() > 500


def test_frames_that_have_nothing_to_do_with_each_other_are_told_by_the_trust() -> None:
    one, other = STILL.frame(0), replace(STILL, seed=1).frame(0)

    assert motions(one, one)[0].trust > 0.99
    assert motions(one, other)[0].trust < 0.02


def test_the_length_of_the_motion_is_told_in_the_frames_own_pixels() -> None:
    before, after = MOVES["far"].frame(0), MOVES["far"].frame(1)

    motion = motions(after, before)[0]

    assert motion.travel_px(480) == pytest.approx(np.hypot(22, 6), rel=0.05)
    assert motion.travel_px(1920) == pytest.approx(4 * motion.travel_px(480))


def test_light_that_changes_everywhere_alike_costs_no_trust() -> None:
    before, after = DISC.frame(0), DISC.frame(1)
    brighter = np.clip(after.astype(int) + 25, 0, 255).astype(np.uint8)

    assert motions(brighter, before)[0].trust > 0.95 * motions(after, before)[0].trust


def test_composed_steps_lead_where_all_of_them_lead() -> None:
    steps = [backward(DISC.frame(k), DISC.frame(k - 1)) for k in (3, 2, 1)]

    composed = compose(compose(steps[0], steps[1]), steps[2])

    visible = DISC.visible(3, 0)
    assert errors(composed, DISC, 3, 0)[visible].mean() < 0.15
    summed = steps[0] + steps[1] + steps[2]
    turning = replace(STILL, turn_degrees=4.0)
    steps = [backward(turning.frame(k), turning.frame(k - 1)) for k in (3, 2, 1)]
    composed, summed = compose(compose(steps[0], steps[1]), steps[2]), sum(steps)
    visible = turning.visible(3, 0)
    assert errors(composed, turning, 3, 0)[visible].mean() < 0.5
    assert errors(summed, turning, 3, 0)[visible].mean() > 2


def test_a_chain_is_trusted_as_far_as_its_weakest_step() -> None:
    right = np.full((20, 30, 2), (5.0, 0.0), np.float32)
    sure, unsure = np.ones((20, 30), np.float32), np.ones((20, 30), np.float32)
    unsure[:, 15:] = 0.25

    whole = chained(Motion(right, sure), Motion(right, unsure))

    assert (whole.flow == (10, 0)).all()
    assert (whole.confidence[:, :10] == 1).all()
    assert (whole.confidence[:, 10:] == 0.25).all()


def test_large_frames_are_searched_as_small_copies_and_stretched() -> None:
    scene = replace(STILL, pan_px=(2.0, 0.5))
    large = [cv2.resize(scene.frame(k), (1440, 810), interpolation=cv2.INTER_CUBIC) for k in (0, 1)]

    motion = motions(large[1], large[0])[0]

    assert motion.flow.shape == (360, 640, 2)
    flow = stretched(motion, (810, 1440)).flow
    assert np.abs(flow[60:-60, 60:-60] - (6.0, 1.5)).mean() < 0.3


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (12, 40), (24, 470), (33, 65)])
def test_frames_of_any_size_have_a_flow(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)

    there, back = motions(frame, frame, "fast")

    assert there.flow.shape == (*size, 2)
    assert back.confidence.shape == size
    assert np.isfinite(there.flow).all()


def test_two_sizes_and_unknown_qualities_are_refused() -> None:
    frame = STILL.frame(0)

    with pytest.raises(RequestError, match="size"):
        motions(frame, frame[:-1])
    with pytest.raises(RequestError, match="best") as refused:
        backward(frame, frame, "best")
    assert "medium" in refused.value.remedy
