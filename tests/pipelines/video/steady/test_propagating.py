"""Frames between keyframes are as steady as the source, sharp, free of ghosts, and know nothing of other shots."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.keyframes import stretches
from pipelines.video.steady.propagating import propagated
from tests.pipelines.video.steady.restyled import SCENE, figures, restyled
from tests.pipelines.video.steady.scenes import Array, Scene, Styliser


def run(
    sources: list[Array], styled: dict[int, Array], cuts: list[int], quality: str = "fast"
) -> list[Array]:
    frames: list[Array] = []
    for part in stretches(sorted(styled), cuts, len(sources)):
        frames.append(styled[part.first])
        own = sources[part.first : part.last + 1]
        after = styled[part.last] if part.is_closed else None
        frames += propagated(own, styled[part.first], after, quality)
    return frames


@pytest.fixture(scope="module")
def results() -> list[Array]:
    movie = restyled()
    return run(list(movie.sources), {k: movie.styled[k] for k in (0, 12, 24)}, [], "medium")


def test_a_fifth_of_the_flicker_is_left_and_the_detail_is_kept(results: list[Array]) -> None:
    movie = restyled()
    by_itself, between = figures(movie.styled, movie.ideal), figures(results, movie.ideal)

    assert len(results) == len(movie.sources)
    assert between.warp_error < by_itself.warp_error / 5
    assert between.flicker < by_itself.flicker / 20
    assert between.detail > 0.8
    assert between.distance_levels < by_itself.distance_levels


def test_an_even_style_is_carried_to_where_its_things_are() -> None:
    movie = restyled()
    sources, ideal = list(movie.sources[:13]), movie.ideal[:13]

    frames = run(sources, {k: ideal[k] for k in (0, 12)}, [])

    even = figures(frames, ideal)
    apart = [np.abs(a.astype(float) - b).mean() for a, b in zip(frames, ideal, strict=True)]
    assert even.distance_levels < 1.5
    assert even.detail > 0.93
    assert max(apart) < 3


def test_what_one_side_hides_is_taken_from_the_other() -> None:
    scene, movie = SCENE, restyled()
    red, blue = np.zeros_like(movie.sources[0]), np.zeros_like(movie.sources[0])
    red[...], blue[...] = (255, 0, 0), (0, 0, 255)

    frames = [red, *propagated(movie.sources[:13], red, blue)]

    before_only = scene.hidden(4, 12) & ~scene.hidden(4, 0)
    after_only = scene.hidden(8, 0) & ~scene.hidden(8, 12)
    assert before_only.sum() > 200
    assert np.mean(frames[4][before_only] @ (1, 0, -1) / 255) > 0.7
    assert np.mean(frames[8][after_only] @ (1, 0, -1) / 255) < -0.7


def test_both_sides_are_mixed_by_their_distance() -> None:
    movie = restyled()
    dark, bright = np.full((180, 320, 3), 40, np.uint8), np.full((180, 320, 3), 160, np.uint8)

    frames = list(propagated(movie.sources[:9], dark, bright, "fast"))

    middles = [float(np.median(frame)) for frame in frames]
    assert middles == pytest.approx([55, 70, 85, 100, 115, 130, 145], abs=1)


def test_what_no_keyframe_shows_has_the_sources_detail_in_the_colours_of_the_style() -> None:
    scene = Scene(width=320, height=180, pan_px=(9.0, 0.0))
    sources = [scene.frame(k) for k in range(10)]
    styliser = Styliser()

    last = list(propagated(sources, styliser.ideal(sources[0]), None))[-1]

    new, ideal = np.s_[:, -70:-6], styliser.ideal(sources[-1])
    assert np.abs(last[new].astype(int) - ideal[new]).mean() < 6
    assert np.abs(sources[-1][new].astype(int) - ideal[new]).mean() > 15
    assert last[new].std() == pytest.approx(ideal[new].std(), rel=0.2)


def test_frames_after_a_cut_do_not_depend_on_those_before() -> None:
    movie = restyled()
    sources = list(movie.sources[:10])
    styled = {0: movie.styled[0], 5: movie.styled[5], 9: movie.styled[9]}

    frames = run(sources, styled, cuts=[5])
    others = [255 - source for source in sources[:5]] + sources[5:]
    changed = run(others, styled | {0: 255 - styled[0]}, cuts=[5])
    later = run(
        sources[:5] + [255 - s for s in sources[5:]], styled | {5: 255 - styled[5]}, cuts=[5]
    )

    assert all((a == b).all() for a, b in zip(frames[5:], changed[5:], strict=True))
    assert not (frames[4] == changed[4]).all()
    assert all((a == b).all() for a, b in zip(frames[:5], later[:5], strict=True))


def test_a_stretch_of_keyframes_alone_has_nothing_between() -> None:
    movie = restyled()

    assert list(propagated(movie.sources[:1], movie.styled[0], None)) == []
    assert list(propagated(movie.sources[:2], movie.styled[0], movie.styled[1])) == []


def test_more_frames_than_are_to_be_held_are_refused() -> None:
    frame = restyled().sources[0]

    with pytest.raises(RequestError, match="26"):
        list(propagated([frame] * 26, frame, frame))


def test_detail_that_a_style_leaves_alone_stays_that_of_each_frame() -> None:
    sources = [source // 2 for source in restyled().sources[:9]]
    ends = sources[0] + np.uint8(30), sources[-1] + np.uint8(30)

    def missed(keeps_detail: bool) -> float:
        frames = propagated(sources, *ends, "fast", keeps_detail=keeps_detail)
        pairs = zip(frames, sources[1:], strict=False)
        return max(float(np.abs(frame - 30.0 - source).mean()) for frame, source in pairs)

    assert missed(keeps_detail=True) < 0.5 * missed(keeps_detail=False)


def test_detail_that_a_style_has_drawn_anew_does_not_come_back() -> None:
    movie = restyled()
    flat = np.full_like(movie.sources[0], 128)

    frames = propagated(movie.sources[:9], flat, flat, "fast", keeps_detail=True)

    assert max(float(np.abs(frame - 128.0).mean()) for frame in frames) < 0.5
