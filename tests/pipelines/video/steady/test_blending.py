"""The recursive blend steadies a restyled movie, and neither smears what moves nor remembers what was cut off."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.blending import Blend, Blended, blended
from tests.pipelines.video.steady.restyled import SCENE, figures, restyled
from tests.pipelines.video.steady.scenes import Array, Scene


def run(sources: tuple[Array, ...], styled: tuple[Array, ...], blend: Blend) -> list[Array]:
    now: Blended | None = None
    frames = []
    for source, picture in zip(sources, styled, strict=True):
        now = blended(now, source, picture, blend)
        frames.append(now.frame)
    return frames


@pytest.fixture(scope="module")
def results() -> list[Array]:
    movie = restyled()
    return run(movie.sources, movie.styled, Blend(0.8))


def test_a_fifth_of_the_flicker_is_left_and_the_detail_is_kept(results: list[Array]) -> None:
    movie = restyled()
    by_itself, blend = figures(movie.styled, movie.ideal), figures(results, movie.ideal)

    assert blend.warp_error < by_itself.warp_error / 5
    assert blend.flicker < by_itself.flicker / 4
    assert 0.8 < blend.detail < 1.15
    assert blend.distance_levels < by_itself.distance_levels / 2


def test_it_does_not_drift_away(results: list[Array]) -> None:
    movie = restyled()
    errors = [
        np.abs(frame.astype(float) - ideal).mean()
        for frame, ideal in zip(results, movie.ideal, strict=True)
    ]

    assert np.mean(errors[-5:]) < np.mean(errors[3:8])


def test_no_ghost_trails_behind_what_moves(results: list[Array]) -> None:
    movie = restyled()
    number = 20
    uncovered = SCENE.hidden(number, number - 4)
    ghost = np.abs(results[number].astype(float) - movie.ideal[number])[uncovered].mean()
    noise = np.abs(movie.styled[number].astype(float) - movie.ideal[number])[uncovered].mean()

    assert uncovered.sum() > 200
    assert ghost < 1.1 * noise


def test_a_still_scene_settles_where_the_style_is() -> None:
    frame = Scene(width=96, height=64, pan_px=(0.0, 0.0)).frame(0)
    start, target = np.full_like(frame, 100), np.full_like(frame, 103)
    now = blended(None, frame, start, Blend(0.9, "fast"))
    for _ in range(60):
        now = blended(now, frame, target, Blend(0.9, "fast"))

    assert (now.frame == target).all()


def test_the_first_frame_of_a_shot_is_the_styled_one() -> None:
    movie = restyled()

    assert (
        blended(None, movie.sources[3], movie.styled[3], Blend()).frame == movie.styled[3]
    ).all()


def test_without_strength_each_frame_is_the_styled_one() -> None:
    movie = restyled()

    frames = run(movie.sources[:3], movie.styled[:3], Blend(0.0, "fast"))

    assert all((a == b).all() for a, b in zip(frames, movie.styled, strict=False))


def test_a_scene_that_changes_without_a_cut_being_told_is_not_mixed_in() -> None:
    movie = restyled()
    other = Scene(seed=7, width=320, height=180).frame(0)
    now = blended(None, movie.sources[0], movie.styled[0], Blend())

    after = blended(now, other, other, Blend())

    assert np.abs(after.frame.astype(int) - other).mean() < 0.5


@pytest.mark.parametrize("strength", [-0.1, 1.0, float("nan")])
def test_strengths_that_forget_or_freeze_everything_are_refused(strength: float) -> None:
    with pytest.raises(RequestError, match="strength"):
        Blend(strength)
