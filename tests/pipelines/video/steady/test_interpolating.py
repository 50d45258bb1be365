"""A frame between two is the one that the camera would have seen there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.interpolating import between, paired
from tests.pipelines.video.steady.scenes import Array, Scene

SCENE = Scene(
    width=320, height=180, pan_px=(4.0, 1.0),
    disc_radius_px=32, disc_at=(0.5, 0.4), disc_px=(-6.0, 2.0),
)  # fmt: skip


def decibels(picture: Array, truth: Array) -> float:
    return float(10 * np.log10(255**2 / np.square(picture.astype(float) - truth).mean()))


@pytest.mark.parametrize("time", [0.25, 0.5, 0.8])
def test_a_circle_over_a_pan_is_where_it_is_at_that_time(time: float) -> None:
    before, after, truth = SCENE.frame(0), SCENE.frame(1), SCENE.frame(time)

    made = between(paired(before, after), time)

    mixed = (1 - time) * before.astype(float) + time * after
    assert decibels(made, truth) > 49.5
    assert decibels(mixed, truth) < 40


def test_what_is_hidden_in_one_frame_is_rather_taken_from_the_other() -> None:
    scene = replace(SCENE, pan_px=(6.0, 0.0), disc_px=(18.0, 0.0))
    before, after, truth = scene.frame(0), scene.frame(1), scene.frame(0.5)

    made = between(paired(before, after), 0.5)

    only_once = scene.hidden(0.5, 1) | scene.hidden(0.5, 0)
    mixed = (before[only_once].astype(float) + after[only_once]) / 2
    assert only_once.sum() > 200
    assert decibels(made[only_once], truth[only_once]) > decibels(mixed, truth[only_once]) + 2


def test_at_both_ends_are_the_frames_themselves() -> None:
    pair = paired(SCENE.frame(0), SCENE.frame(1), "fast")

    assert (between(pair, 0) == pair.before).all()
    assert (between(pair, 1) == pair.after).all()


def test_frames_that_have_nothing_to_do_with_each_other_are_not_mixed() -> None:
    pair = paired(SCENE.frame(0), replace(SCENE, seed=4).frame(0))

    assert (between(pair, 0.4) == pair.before).all()
    assert (between(pair, 0.6) == pair.after).all()


def test_times_outside_are_refused() -> None:
    pair = paired(SCENE.frame(0), SCENE.frame(0), "fast")

    with pytest.raises(RequestError, match="time"):
        between(pair, 1.2)
