"""Reading: every frame comes, upright, at its time, from the first or from the middle."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipelines.video.media.reading import Frame, open_source
from tests.pipelines.video.media.clips import Movie, make, number_of, numbered

UNEVEN = [number * 3003 + number % 3 * 400 for number in range(40)]
FAST = (("preset", "ultrafast"),)


def read(path: Path) -> list[Frame]:
    with open_source(path) as source:
        frames = list(source.frames())
        assert source.note == ""
    return frames


def seconds(path: Path) -> list[Fraction]:
    """When each frame is shown."""
    with open_source(path) as source:
        return [frame.pts * source.time_base for frame in source.frames()]


def test_every_frame_comes_once_in_its_order_and_at_its_time(tmp_path: Path) -> None:
    frames = read(make(tmp_path / "film.mp4"))

    assert [number_of(frame.pixels) for frame in frames] == list(range(40))
    assert [(frame.pts, frame.duration) for frame in frames] == [
        (1001 * n, 1001) for n in range(40)
    ]
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    assert all(frame.pixels.flags.c_contiguous for frame in frames)


def test_times_of_a_variable_rate_are_kept(tmp_path: Path) -> None:
    movie = Movie(pts=UNEVEN, time_base=Fraction(1, 90_000))

    assert seconds(make(tmp_path / "film.mp4", movie)) == [Fraction(pts, 90_000) for pts in UNEVEN]


def test_a_movie_may_begin_later(tmp_path: Path) -> None:
    late = Movie(pts=[900 + number * 30 for number in range(40)], time_base=Fraction(1, 1000))

    assert seconds(make(tmp_path / "film.mkv", late))[0] == Fraction(9, 10)


def test_a_movie_may_begin_before_zero(tmp_path: Path) -> None:
    early = Movie(pts=range(-10, 30), tracks=0)

    times = seconds(make(tmp_path / "film.ts", early))

    assert {b - a for a, b in itertools.pairwise(times)} == {Fraction(3003, 90_000)}
    assert len(times) == 40


def test_frames_at_one_time_are_moved_apart(tmp_path: Path) -> None:
    double = Movie(
        4, codec="ffv1", pts=[0, 40, 40, 80], time_base=Fraction(1, 1000), tracks=0, options=()
    )

    frames = read(make(tmp_path / "film.mkv", double))

    assert [frame.pts for frame in frames] == [0, 40, 41, 80]


def test_where_times_jump_back_they_go_on(tmp_path: Path) -> None:
    once = make(tmp_path / "once.ts", Movie(40, tracks=0)).read_bytes()
    (tmp_path / "twice.ts").write_bytes(once + once)

    times = seconds(tmp_path / "twice.ts")

    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) > 70
    assert min(steps) == max(steps) == Fraction(1001, 30_000)


def test_all_frames_have_the_size_of_the_first(tmp_path: Path) -> None:
    """Streams from cameras and television change it on the way."""
    small = make(tmp_path / "small.ts", Movie(20, tracks=0))
    large = make(tmp_path / "large.ts", Movie(20, (192, 128), tracks=0))
    path = tmp_path / "film.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())

    with open_source(path) as source:
        shapes = [frame.pixels.shape for frame in source.frames()]

    assert set(shapes) == {(64, 96, 3)}
    assert len(shapes) > 25


def test_some_frames_are_read_alone(tmp_path: Path) -> None:
    with open_source(make(tmp_path / "film.mp4")) as source:
        part = [number_of(frame.pixels) for frame in source.frames(7, 11)]
        last = [number_of(frame.pixels) for frame in source.frames(38)]

    assert (part, last) == ([7, 8, 9, 10], [38, 39])


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".gif"])
def test_from_its_time_on_frames_are_the_same_as_from_the_start(
    tmp_path: Path, suffix: str
) -> None:
    gif = Movie(codec="gif", pixel_format="rgb8", rate=Fraction(10), tracks=0, options=())
    path = make(tmp_path / f"film{suffix}", gif if suffix == ".gif" else Movie())

    with open_source(path) as source:
        frames = list(source.frames())
        again = list(source.frames_from(frames[26].pts, 4))
        between = next(source.frames_from(frames[11].pts - 1))

    assert [frame.pts for frame in again] == [frame.pts for frame in frames[26:30]]
    for one, other in zip(again, frames[26:], strict=False):
        assert np.array_equal(one.pixels, other.pixels)
    assert between.pts == frames[11].pts


def test_frames_after_an_open_group_are_whole(tmp_path: Path) -> None:
    """The frames shown before a key frame, yet stored behind it, need the group before."""
    options = (
        ("x264-params", "open-gop=1:bframes=3:b-adapt=0:keyint=10:min-keyint=10:scenecut=0"),
    )
    path = make(tmp_path / "film.mp4", Movie(options=options))

    with open_source(path) as source:
        frames = list(source.frames())
        alone = [next(source.frames_from(frame.pts)) for frame in frames[18:20]]

    for one, other in zip(alone, frames[18:20], strict=True):
        assert np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_a_rotation_is_applied_to_the_pixels(tmp_path: Path, degrees: int, turns: int) -> None:
    movie = Movie(frames=3, size=(98, 64), rotation=degrees, tracks=0)

    with open_source(make(tmp_path / "film.mp4", movie)) as source:
        frame = next(source.frames())
        clip = source.clip

    upright = np.rot90(numbered(0, (98, 64)), turns).astype(float)
    assert frame.pixels.shape == upright.shape == (clip.height_px, clip.width_px, 3)
    assert clip.rotation_degrees == degrees % 360
    assert np.abs(frame.pixels - upright).mean() < 12


def test_odd_sides_stay_odd(tmp_path: Path) -> None:
    odd = Movie(frames=3, size=(97, 63), codec="ffv1", pixel_format="bgr0", tracks=0, options=())

    frame = read(make(tmp_path / "film.mkv", odd))[0]

    assert np.array_equal(frame.pixels, numbered(0, (97, 63)))


def test_ten_bits_become_the_nearest_eight(tmp_path: Path) -> None:
    deep = Movie(frames=2, codec="ffv1", pixel_format="gbrp10le", tracks=0, options=())

    with open_source(make(tmp_path / "film.mkv", deep)) as source:
        frame = next(source.frames())
        assert source.clip.bits == 10

    assert np.abs(frame.pixels.astype(int) - numbered(0)).max() <= 1


def test_what_is_cut_off_is_missing_and_said(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mkv", Movie(frames=120))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with open_source(cut) as source:
        numbers = [number_of(frame.pixels) for frame in source.frames()]

    assert numbers == list(range(len(numbers)))
    assert 20 < len(numbers) < 100
    assert "“cut.mkv” is incomplete: its pictures end after" in source.note


def test_where_the_index_tells_all_frames_the_missing_ones_are_counted(tmp_path: Path) -> None:
    path = make(tmp_path / "film.mp4", Movie(tracks=0, options=(*FAST, ("g", "5"))))
    data = path.read_bytes()
    index = data.index(b"moov") - 4
    start = data.index(b"mdat") + 4
    hole = start + (index - start) // 2
    path.write_bytes(data[:hole] + bytes(index - hole) + data[index:])

    with open_source(path) as source:
        count = len(list(source.frames()))

    assert 5 < count < 40
    assert f"{count} of 40 frames can be read" in source.note


def children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def test_a_reading_that_is_given_up_ends_its_process(tmp_path: Path) -> None:
    others = children()

    with open_source(make(tmp_path / "film.mp4")) as source:
        frames = source.frames()
        assert number_of(next(frames).pixels) == 0
        next(source.frames(5))
        assert len(children() - others) == 1, "the one that nobody holds has ended"

    assert children() == others
    with pytest.raises(StopIteration):
        next(frames)
