"""A small camera path round a picture with depth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.video.photo.loop import prepare
from pipelines.video.photo.plan import Parallax
from tests.pipelines.video.photo.scenes import grain, grey, motion, plan

SIZE = (240, 320)
PHOTO = np.clip(128 + 40 * grain(SIZE, 1, 2), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
DEPTH = np.zeros(SIZE, np.uint8)
cv2.circle(DEPTH, (160, 120), 50, 255, -1)
NEAR = cv2.erode(DEPTH, np.ones((21, 21), np.uint8)) > 0
FAR = cv2.dilate(DEPTH, np.ones((81, 81), np.uint8)) == 0
FAR[:20], FAR[-20:], FAR[:, :20], FAR[:, -20:] = False, False, False, False


@pytest.mark.parametrize("path", ["circle", "left-right"])
def test_the_path_is_closed(path: str) -> None:
    loop = prepare(PHOTO, plan(Parallax(path=path)), [DEPTH])
    before, first, second = (grey(loop.frame(number)) for number in (47, 0, 1))

    assert np.array_equal(loop.frame(48), loop.frame(0))
    ratio = np.abs(first - before).mean() / np.abs(second - first).mean()
    assert ratio == pytest.approx(1, abs=0.15)


def test_near_and_far_move_against_each_other_by_the_amount() -> None:
    loop = prepare(PHOTO, plan(Parallax(amount=0.01, path="left-right")), [DEPTH])
    moved = motion(loop.frame(0), loop.frame(12))  # from the middle to the end of the path

    near, far = moved[NEAR].mean(axis=0), moved[FAR].mean(axis=0)
    assert np.abs(far - near)[0] == pytest.approx(0.01 * 320, abs=0.2)
    assert np.abs(far - near)[1] < 0.1
    assert near[0] * far[0] < 0


def test_what_is_in_focus_stays_in_place() -> None:
    loop = prepare(PHOTO, plan(Parallax(focus=1.0)), [DEPTH])
    moved = motion(loop.frame(0), loop.frame(24))

    assert np.linalg.norm(moved[NEAR], axis=-1).mean() < 0.1
    assert np.linalg.norm(moved[FAR], axis=-1).mean() > 2


def test_what_is_near_keeps_its_form() -> None:
    photo = np.full((*SIZE, 3), 40, np.uint8)
    cv2.circle(photo, (160, 120), 50, (220, 220, 220), -1)
    loop = prepare(photo, plan(Parallax(amount=0.03, focus=0.0)), [DEPTH])
    areas = [(loop.frame(number)[..., 0] > 130).sum() for number in range(0, 48, 6)]

    assert np.ptp(areas) < 0.01 * np.mean(areas)


def test_no_pixel_comes_from_beyond_the_edges() -> None:
    photo = PHOTO.copy()
    photo[:4], photo[-4:], photo[:, :4], photo[:, -4:] = 255, 255, 255, 255
    photo[4:-4, 4:-4] //= 2
    whole = np.full(SIZE, 255, np.uint8)
    loop = prepare(photo, plan(Parallax(amount=0.03, focus=0.0)), [whole])

    # a frame of 4 px is seen at most once: mirrored, it would come in twice as wide
    assert all((loop.frame(k)[120, :, 0] > 200).sum() <= 20 for k in range(0, 48, 8))
    assert all(loop.frame(k)[120, 30:-30, 0].max() < 200 for k in range(0, 48, 8))


def test_without_a_map_the_ground_below_the_horizon_comes_nearer() -> None:
    parallax = Parallax(amount=0.02, path="left-right", focus=0.0, horizon=0.5)
    loop = prepare(PHOTO, plan(parallax), [None])
    moved = np.abs(motion(loop.frame(0), loop.frame(12))[..., 0]).mean(axis=1)

    assert moved[20:100].max() < 0.2
    assert moved[140] < moved[180] < moved[220]


def test_a_camera_that_goes_far_is_warned_of() -> None:
    far = prepare(PHOTO, plan(Parallax(amount=0.06)), [DEPTH])

    assert any("stretched" in text for text in far.warnings)
    assert prepare(PHOTO, plan(Parallax()), [DEPTH]).warnings == ()
