"""Animations whose frames begin as those of a movie: which ones, when they are shown, and what lies between them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from pipelines.video.media.reading import Frame, open_source
from pipelines.video.modes.course import Levels
from tests.pipelines.video.desk.movies import movie
from tests.pipelines.video.media import clips
from tests.pipelines.video.modes.drawing import SIZE, Sketchbook, patterned, shots

AS_THEY_ARE = {"diffusion_cadence": 1, "strength": "0: (1)"}  # nothing of the pattern


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """24 frames, with a cut before the 14th."""
    path = tmp_path / "film.movie"
    path.write_bytes(movie(24, cut=14))
    return path


def made(film: Path, book: Sketchbook, first: int = 0, **asked: Any) -> list[Any]:
    (film.parent / "looked.json").unlink(missing_ok=True)
    named = {"mode": "movie", "init_video": "film", "inputs": {"film": film}}
    return shots(film.parent, book, first, **named | asked)


def frames_of(film: Path) -> list[Frame]:
    with open_source(film) as source:
        return list(source.frames())


def small(frame: Frame) -> Levels:
    return np.asarray(ImageOps.fit(Image.fromarray(frame.pixels), SIZE))


def test_each_drawn_frame_begins_as_one_of_the_movie(film: Path) -> None:
    book = Sketchbook()

    found = made(film, book, diffusion_cadence=1, strength="0: (0.8), 23: (0.4)")

    told = frames_of(film)
    assert len(found) == 24
    for number, frame in enumerate(told):
        assert np.array_equal(book.starts[number], small(frame))
        assert np.array_equal(found[number].source, small(frame))
    strengths = [book.asked[number]["source.strength"] for number in (0, 23)]
    assert strengths == pytest.approx([0.2, 0.6])


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, range(24)),
        ({"max_frames": 7}, range(7)),
        ({"extract_nth_frame": 5}, range(0, 24, 5)),
        ({"extract_from_frame": 8}, range(8, 24)),
        ({"extract_to_frame": 3}, range(4)),
        ({"extract_from_frame": 2, "extract_to_frame": 17}, range(2, 18)),
        ({"extract_from_frame": 2, "extract_nth_frame": 4}, range(2, 24, 4)),
        (
            {"extract_from_frame": 2, "extract_to_frame": 17, "extract_nth_frame": 4},
            range(2, 18, 4),
        ),
        (
            {"extract_from_frame": 2, "extract_to_frame": 18, "extract_nth_frame": 4},
            range(2, 19, 4),
        ),
    ],
)
def test_the_frames_that_are_asked_for_are_taken(
    film: Path, asked: dict[str, int], numbers: range
) -> None:
    found = made(film, Sketchbook(), keeps_times=True, **AS_THEY_ARE, **asked)

    told = frames_of(film)
    assert [shot.pts for shot in found] == [told[number].pts for number in numbers]
    for shot, number in zip(found, numbers, strict=True):
        assert np.array_equal(shot.pixels, small(told[number]))


def test_frames_of_a_movie_of_an_uneven_pace_keep_their_times(tmp_path: Path) -> None:
    times = [0, 40, 60, 300, 310, 320, 400, 900, 910, 950]
    film = clips.make(
        tmp_path / "uneven.mkv",
        clips.Movie(frames=10, pts=times, time_base=Fraction(1, 1000), tracks=0),
    )

    found = made(film, Sketchbook(), keeps_times=True, extract_nth_frame=2)

    assert [shot.pts for shot in found] == times[::2]
    assert [shot.duration for shot in found][:-1] == [60, 250, 90, 510]


def test_without_the_times_of_the_movie_frames_are_evenly_apart(film: Path) -> None:
    found = made(film, Sketchbook(), max_frames=3, extract_nth_frame=5)

    assert [(shot.pts, shot.duration) for shot in found] == [(0, 1), (1, 1), (2, 1)]


def test_frames_between_follow_the_movie_and_never_across_a_cut(film: Path) -> None:
    book = Sketchbook()
    asked = {"diffusion_cadence": 6, "strength": "0: (0.5)"}

    found = made(film, book, **asked)

    assert sorted(book.asked) == [0, 6, 12, 14, 18, 23]
    assert book.counted == [(24, 6)]
    assert [shot.is_cut for shot in found] == [number == 14 for number in range(24)]
    other = Sketchbook({0: patterned(1), 6: patterned(2), 12: patterned(3)})
    again = made(film, other, **asked)
    same = [np.array_equal(a.pixels, b.pixels) for a, b in zip(found, again, strict=True)]
    assert same == [number >= 14 for number in range(24)]


def test_schedules_count_by_the_frames_that_there_are(film: Path) -> None:
    book = Sketchbook()

    made(film, book, max_frames=500, diffusion_cadence=1, strength="0: (0), max_f: (1)")

    assert book.asked[23]["source.strength"] == 0
    assert book.asked[0]["source.strength"] == 1


def test_what_goes_on_anywhere_comes_to_the_same_frames(film: Path) -> None:
    asked = {"diffusion_cadence": 5, "extract_nth_frame": 2, "keeps_times": True}
    book = Sketchbook()
    whole = made(film, book, **asked)

    for first in (1, 6, 8, 11):
        rest = made(film, Sketchbook(book.kept), first, **asked)
        assert len(rest) == 12 - first
        for one, other in zip(whole[first:], rest, strict=True):
            assert (one.pts, one.duration) == (other.pts, other.duration)
            assert np.array_equal(one.pixels, other.pixels)


def test_of_frames_of_other_sides_the_middle_is_taken_as_it_is_seen(tmp_path: Path) -> None:
    """Twice as wide as they are stored, so that of 192 × 72 as they are seen a half is left."""
    oblong = clips.Movie(frames=2, size=(96, 72), aspect=Fraction(2), tracks=0)
    film = clips.make(tmp_path / "oblong.mkv", oblong)
    book = Sketchbook()

    made(film, book, max_frames=2, **AS_THEY_ARE)

    stored = frames_of(film)[1].pixels
    stretched = Image.fromarray(stored[:, 24:72]).resize(SIZE)
    assert np.median(np.abs(book.starts[1].astype(int) - np.asarray(stretched))) <= 2


def test_colours_are_held_to_a_picture_where_one_is_chosen(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "green.png"
    Image.fromarray((patterned(3) * (0.2, 0.9, 0.3)).astype(np.uint8)).save(path)
    inputs = {"film": film, "green": path}

    held = made(film, Sketchbook(), colour_image="green", inputs=inputs, **AS_THEY_ARE)
    free = made(film, Sketchbook(), **AS_THEY_ARE)

    assert [shot.pixels[..., 1].mean() > 2 * shot.pixels[..., 0].mean() for shot in held] == (
        [True] * 24
    )
    assert free[0].pixels[..., 1].mean() < free[0].pixels[..., 0].mean()
