"""Cuts are found where they are, and light that flashes, fades or is low is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.video.steady.shots import AHEAD, cuts, fed, finished, watch
from pipelines.video.steady.states import as_arrays
from tests.pipelines.video.steady.movies import Shot, made, movie
from tests.pipelines.video.steady.scenes import Array, Scene

TOLERANCE_FRAMES = 1  # the first frame after black is nearly black itself
SCENE = Scene(width=160, height=90, pan_px=(1.0, 0.3))
OTHER = replace(SCENE, seed=1)


def shot(scene: Scene, *light: float) -> list[Array]:
    return list(Shot(scene, light).frames())


def f1(found: list[int], true: list[int], tolerance: int) -> float:
    near = [f for f in found if any(abs(f - t) <= tolerance for t in true)]
    hit = [t for t in true if any(abs(f - t) <= tolerance for f in found)]
    return (len(near) + len(hit)) / (len(found) + len(true))


def test_a_movie_of_44_shots_of_all_kinds_is_cut_where_it_cuts() -> None:
    frames, true = movie(seed=1, shots=44)

    found = list(cuts(frames))

    assert len(true) == 43
    assert f1(found, true, TOLERANCE_FRAMES) >= 0.95
    assert f1(found, true, 0) >= 0.9


@pytest.mark.parametrize(
    "kind", ["flash", "lightning", "dimmed", "disc", "fast pan", "zoom", "dark", "grain"]
)
def test_one_shot_has_no_cut(kind: str) -> None:
    for seed in (3, 4):
        frames = list(made(kind, seed, 12, np.random.default_rng(seed)).frames())

        assert list(cuts(frames)) == [], seed


def test_a_flash_at_a_cut_hides_it_by_no_more_than_its_length() -> None:
    frames = shot(SCENE, *[1.0] * 9, 3.0) + shot(OTHER, *[1.0] * 10)

    assert list(cuts(frames)) == [10]


def test_what_comes_back_after_black_is_the_same_shot() -> None:
    dark = [np.zeros((90, 160, 3), np.uint8)] * 4
    same = shot(SCENE, *[1.0] * 12)

    assert list(cuts([*same[:6], *dark, *same[6:]])) == []
    assert list(cuts([*same[:6], *dark, *shot(OTHER, *[1.0] * 6)])) == [10]


def test_cuts_near_both_ends_of_a_movie_are_found() -> None:
    frames = shot(SCENE, 1, 1) + shot(OTHER, *[1.0] * 8) + shot(replace(SCENE, seed=2), 1, 1)

    assert list(cuts(frames)) == [2, 10]


def test_a_cut_is_told_a_few_frames_later_from_little_memory() -> None:
    frames = shot(SCENE, *[1.0] * 10) + shot(OTHER, *[1.0] * 10)
    now, told = watch(), []
    for number, frame in enumerate(frames):
        now, cut = fed(now, frame)
        if cut is not None:
            told.append((number, cut))

    assert told == [(10 + AHEAD, 10)]
    assert finished(now) == []
    assert sum(array.nbytes for array in as_arrays(now).values()) < 200_000


def test_movies_without_cuts_or_frames_have_none() -> None:
    black = np.zeros((31, 17, 3), np.uint8)

    assert list(cuts([])) == []
    assert list(cuts([black] * 9)) == []
    assert list(cuts(shot(SCENE, 1))) == []
