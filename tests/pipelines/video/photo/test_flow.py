"""A painted river streams: as fast as it was asked to, without a seam, and its banks stand still."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipelines.video.photo.brush import velocity
from pipelines.video.photo.grid import Grid
from pipelines.video.photo.loop import Loop, prepare, preview
from pipelines.video.photo.plan import Arrow, Flow
from pipelines.video.photo.region import Region
from tests.pipelines.video.photo.scenes import SIZE, downstream, grey, motion, plan, river

PHOTO, MASK = river()
INSIDE = MASK > 0


@pytest.fixture(scope="module")
def loop() -> Loop:
    return prepare(PHOTO, plan(downstream()), [MASK])


@pytest.fixture(scope="module")
def frames(loop: Loop) -> list[np.ndarray]:
    return [loop.frame(number) for number in range(loop.frame_count)]


def test_the_frame_after_the_last_is_the_first(loop: Loop, frames: list[np.ndarray]) -> None:
    assert len(frames) == loop.frame_count == 48
    assert np.array_equal(loop.frame(48), frames[0])
    assert np.array_equal(loop.frame(-1), frames[47])


def test_a_frame_does_not_depend_on_those_drawn_before(frames: list[np.ndarray]) -> None:
    again = prepare(PHOTO, plan(downstream()), [MASK])

    assert np.array_equal(again.frame(17), frames[17])


def test_a_frame_is_rgb_of_the_photos_size(frames: list[np.ndarray]) -> None:
    assert frames[5].shape == PHOTO.shape
    assert frames[5].dtype == np.uint8
    assert frames[5].flags.c_contiguous


def test_what_is_not_painted_stays_to_the_bit(frames: list[np.ndarray]) -> None:
    assert all(np.array_equal(frame[~INSIDE], PHOTO[~INSIDE]) for frame in frames)


def test_the_step_over_the_seam_is_as_long_as_the_others(frames: list[np.ndarray]) -> None:
    steps = [
        np.abs(grey(after) - grey(before))[INSIDE].mean()
        for before, after in pairwise([*frames, frames[0]])
    ]

    assert steps[-1] <= 1.15 * np.median(steps)
    assert min(steps) > 1


def test_it_moves_as_the_arrows_ask(loop: Loop, frames: list[np.ndarray]) -> None:
    region = Region.read(MASK, Grid.of(PHOTO.shape, PHOTO.shape), "mask")
    asked = velocity(region, downstream().arrows, "arrows").field * max(SIZE) / 24
    asked = cv2.resize(asked, SIZE[::-1])

    errors = [
        np.linalg.norm(motion(frames[k], frames[k + 1]) - asked, axis=-1)[INSIDE].mean()
        for k in range(0, 47, 6)
    ]

    assert np.linalg.norm(asked, axis=-1)[INSIDE].mean() > 0.8
    assert np.mean(errors) < 0.3


def test_contrast_and_sharpness_stay_and_do_not_pulse(frames: list[np.ndarray]) -> None:
    contrasts = np.array([grey(frame)[INSIDE].std() for frame in frames])
    core = cv2.erode(MASK, np.ones((9, 9), np.uint8)) > 0
    sharp = [cv2.Laplacian(grey(frame), cv2.CV_32F)[core].std() for frame in (*frames, PHOTO)]

    assert contrasts.min() > 0.85 * grey(PHOTO)[INSIDE].std()
    assert np.ptp(contrasts) < 0.05 * contrasts.mean()
    assert min(sharp[:-1]) > 0.7 * sharp[-1]


def test_still_things_are_never_dragged_in() -> None:
    photo = PHOTO.copy()
    photo[~INSIDE] = (255, 0, 0)  # a red that the water has nowhere
    loop = prepare(photo, plan(downstream()), [MASK])

    for number in range(0, 48, 5):
        water = loop.frame(number)[INSIDE].astype(int)
        assert (water[:, 0] - water[:, 2]).max() < 60


def test_a_preview_shows_the_same_motion() -> None:
    asked = plan(downstream(), seconds=1)
    large, small = prepare(PHOTO, asked, [MASK]), preview(PHOTO, asked, [MASK])

    shrunk = cv2.resize(large.frame(7), small.photo.shape[1::-1], interpolation=cv2.INTER_AREA)

    assert max(small.photo.shape) == 256
    apart = np.abs(grey(shrunk) - grey(small.frame(7))).mean()
    other = np.abs(grey(shrunk) - grey(small.frame(19))).mean()
    assert apart < 0.35 * other


def test_a_fast_flow_takes_turns_more_often_than_once_a_loop() -> None:
    loop = prepare(PHOTO, plan(downstream(speed=0.07), seconds=4), [MASK])

    assert loop.warnings == ()
    assert np.array_equal(loop.frame(0), loop.frame(24))  # in 4 rounds
    assert not np.array_equal(loop.frame(0), loop.frame(12))


def test_a_slow_flow_does_not_repeat_itself_within_the_loop() -> None:
    loop = prepare(PHOTO, plan(downstream(speed=0.03)), [MASK])

    assert not np.array_equal(loop.frame(0), loop.frame(24))


def test_a_flow_that_stretches_the_picture_is_warned_of() -> None:
    loop = prepare(PHOTO, plan(downstream(speed=0.5)), [MASK])

    assert any("slower" in text for text in loop.warnings)


def test_parts_without_an_arrow_stay_still_with_a_warning() -> None:
    mask = np.zeros(SIZE, np.uint8)
    mask[:, :100] = mask[:, 200:300] = 255
    arrow = Arrow(points=((0.1, 0.2), (0.1, 0.8)), speed=0.05)
    loop = prepare(PHOTO, plan(Flow(arrows=(arrow,))), [mask])
    frame = loop.frame(9)

    assert np.abs(frame[:, 200:300].astype(int) - PHOTO[:, 200:300]).max() <= 1
    assert np.abs(frame[:, 20:80].astype(int) - PHOTO[:, 20:80]).mean() > 2
    assert any("no arrow" in text for text in loop.warnings)


def test_colours_mixed_at_the_border_are_not_dragged_along() -> None:
    photo = PHOTO.copy()
    photo[~INSIDE] = (255, 0, 0)
    photo[cv2.erode(MASK, np.ones((3, 3), np.uint8)) == 0] = (255, 0, 0)  # painted a pixel too wide
    loop = prepare(photo, plan(downstream()), [MASK])
    inner = cv2.erode(MASK, np.ones((9, 9), np.uint8)) > 0

    for number in range(0, 48, 9):
        water = loop.frame(number)[inner].astype(int)
        assert (water[:, 0] - water[:, 2]).max() < 60


def test_the_border_of_the_region_shows_no_edge() -> None:
    flat = np.full((*SIZE, 3), 128, np.uint8)
    flat[..., 0] += np.linspace(0, 60, SIZE[1], dtype=np.uint8)
    loop = prepare(flat, plan(downstream()), [MASK])
    shifts = loop.frame(20)[..., 0].astype(int) - flat[..., 0]
    rim = INSIDE & (cv2.erode(MASK, np.ones((5, 5), np.uint8)) == 0)

    assert np.abs(shifts[rim]).max() <= 1


def test_a_half_painted_pixel_moves_by_half() -> None:
    photo, size = PHOTO[:96, :128].copy(), (96, 128)
    whole, half = (
        prepare(photo, plan(downstream()), [np.full(size, alpha, np.uint8)]).frame(9)
        for alpha in (255, 128)
    )

    mean = photo + (whole.astype(float) - photo) * 128 / 255
    assert np.abs(half - mean).max() <= 1
