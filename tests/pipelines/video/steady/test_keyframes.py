"""Keyframes stand where a shot begins, where too much has changed, and else evenly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.flow import motions
from pipelines.video.steady.keyframes import Measured, Stretch, keyframes, measured, stretches
from tests.pipelines.video.steady.scenes import Scene

CALM = Measured(is_cut=False)
CUT = Measured(is_cut=True, trust=0.0)


def test_every_nth_frame_of_a_calm_shot_is_one_and_the_last_if_it_is_far() -> None:
    assert keyframes([CALM] * 25, 12) == [0, 12, 24]
    assert keyframes([CALM] * 30, 12) == [0, 12, 24]
    assert keyframes([CALM] * 35, 12) == [0, 12, 24, 34]
    assert keyframes([CALM] * 4, 1) == [0, 1, 2, 3]


def test_each_shot_begins_with_one_and_counts_from_there() -> None:
    frames = [CALM] * 15 + [CUT] + [CALM] * 13 + [CUT, CALM]

    assert keyframes(frames, 12) == [0, 12, 15, 27, 29]


def test_the_last_frame_before_a_cut_is_one_if_it_is_far() -> None:
    assert keyframes([CALM] * 10 + [CUT] + [CALM] * 3, 12) == [0, 9, 10]


def test_a_frame_that_cannot_be_made_from_its_neighbour_is_one() -> None:
    lost, fast = replace(CALM, trust=0.3), replace(CALM, travel_share=0.2)

    assert keyframes([CALM] * 4 + [lost] + [CALM] * 12, 12) == [0, 4, 16]
    assert keyframes([CALM] * 4 + [fast] + [CALM] * 12, 12) == [0, 4, 16]


def test_losses_add_up_until_one_is_needed() -> None:
    fading = [replace(CALM, trust=0.85)] * 20

    keys = keyframes(fading, 12)

    assert keys[:3] == [0, 5, 10]


def test_nothing_has_none() -> None:
    assert keyframes([], 12) == []
    assert list(stretches([], [], 0)) == []


@pytest.mark.parametrize("spacing", [0, 25])
def test_spacings_that_cannot_be_held_are_refused(spacing: int) -> None:
    with pytest.raises(RequestError, match="spacing"):
        keyframes([CALM], spacing)


def test_what_moves_too_far_or_is_new_is_measured_so() -> None:
    calm = Scene(width=320, height=180, pan_px=(2.0, 0.0))
    fast = replace(calm, pan_px=(40.0, 0.0))
    one, two, far = calm.frame(0), calm.frame(1), fast.frame(1)

    assert keyframes([CUT, measured(motions(two, one)[0], is_cut=False)], 12) == [0]
    assert keyframes([CUT, measured(motions(far, one)[0], is_cut=False)], 12) == [0, 1]


def test_stretches_hold_every_frame_and_none_reaches_across_a_cut() -> None:
    parts = list(stretches([0, 12, 15, 27], [15], 30))

    assert parts == [
        Stretch(0, 12, True),
        Stretch(12, 14, False),
        Stretch(15, 27, True),
        Stretch(27, 29, False),
    ]
