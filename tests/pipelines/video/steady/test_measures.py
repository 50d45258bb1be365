"""The measures grow with what they measure, and with nothing else."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipelines.video.steady.blending import Blend, blended
from pipelines.video.steady.flow import Motion, motions
from pipelines.video.steady.measures import (
    Consistency,
    Step,
    cut,
    detail_ratio,
    drift,
    flicker_index,
    loop_seam_ratio,
    warp_error,
    watched,
)
from tests.pipelines.video.steady.restyled import SCENE, restyled, true_motion
from tests.pipelines.video.steady.scenes import Array

FRAMES = 9


def score(results: list[Array], sources: list[Array]) -> float:
    now = Consistency()
    for k in range(1, len(results)):
        step = Step(sources[k - 1], sources[k], results[k - 1], results[k])
        now = watched(now, step, motions(sources[k], sources[k - 1], "fast")[0])
    return now.score


def test_the_warp_error_grows_with_what_flickers() -> None:
    before, after = restyled().ideal[:2]
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, after.shape)

    errors = [
        warp_error(
            before,
            np.clip(after + levels * noise, 0, 255).astype(np.uint8),
            true_motion(SCENE, 1, 0),
        )
        for levels in (0, 3, 8, 16)
    ]

    assert errors[0] < 0.003
    assert all(sooner < later - 0.003 for sooner, later in pairwise(errors))


def test_only_what_can_be_followed_counts() -> None:
    before, after = restyled().ideal[:2]
    spoilt = after.copy()
    spoilt[:, :100] = 255
    motion = true_motion(SCENE, 1, 0)
    known = motion.confidence.copy()
    known[:, :100] = 0

    masked = Motion(motion.flow, known)
    assert warp_error(before, spoilt, masked) == warp_error(before, after, masked)
    assert warp_error(before, spoilt, motion) > 0.05
    assert warp_error(before, after, Motion(motion.flow, 0 * known)) == 0


def test_flicker_of_the_light_is_told_from_light_that_changes_steadily() -> None:
    assert flicker_index(range(100, 150, 5)) == 0
    assert flicker_index([100, 102, 100, 102, 100]) == pytest.approx(4 / 255)
    assert flicker_index([100, 104]) == 0


def test_the_detail_ratio_tells_blur() -> None:
    frame = restyled().sources[0]

    assert detail_ratio(frame, frame) == 1
    assert detail_ratio(np.asarray(cv2.GaussianBlur(frame, (0, 0), 1.5)), frame) < 0.65


def test_drift_tells_colours_and_blur() -> None:
    frame = restyled().sources[0]
    redder = np.clip(frame.astype(int) + np.array([6, 0, 0]), 0, 255).astype(np.uint8)

    assert drift(frame, redder).colour_levels == pytest.approx(6, abs=0.2)
    assert drift(frame, redder).gradient_ratio == pytest.approx(1, abs=0.02)
    assert drift(frame, np.asarray(cv2.GaussianBlur(frame, (0, 0), 1.5))).gradient_ratio < 0.6


def test_the_seam_of_a_loop_is_told_in_its_own_steps() -> None:
    ring = [np.full((8, 8, 3), 100 + 50 * np.sin(k / 12 * 2 * np.pi), np.uint8) for k in range(12)]
    ramp = [np.full((8, 8, 3), 10 * k, np.uint8) for k in range(12)]

    assert loop_seam_ratio(ring) == pytest.approx(1, abs=0.5)
    assert loop_seam_ratio(ramp) == pytest.approx(11)
    assert loop_seam_ratio(ring[:2]) == 0
    assert loop_seam_ratio([]) == 0


def test_the_score_tells_steady_from_made_anew() -> None:
    movie = restyled()
    sources, styled = list(movie.sources[:FRAMES]), list(movie.styled[:FRAMES])
    now, smooth = None, []
    for source, picture in zip(sources, styled, strict=True):
        now = blended(now, source, picture, Blend(0.9))
        smooth.append(now.frame)

    assert score(sources, sources) == 100
    assert score(list(movie.ideal[:FRAMES]), sources) > 90
    assert 40 < score(smooth, sources) < 90
    assert score(styled, sources) < 15


def test_lightning_in_the_source_costs_no_score() -> None:
    frames = list(restyled().sources[:6])
    frames[3] = np.clip(frames[3].astype(int) + 20, 0, 255).astype(np.uint8)

    assert score(frames, frames) == 100


def test_nothing_is_compared_across_a_cut() -> None:
    movie = restyled()
    dark = [frame // 3 for frame in movie.ideal]
    motion = motions(movie.sources[1], movie.sources[0], "fast")[0]
    first = Step(movie.sources[0], movie.sources[1], movie.ideal[0], movie.ideal[1])
    second = Step(movie.sources[0], movie.sources[1], dark[0], dark[1])

    before = watched(Consistency(), first, motion)
    assert watched(cut(before), second, motion).bends == 0
    assert watched(before, second, motion).flicker > 0.1
