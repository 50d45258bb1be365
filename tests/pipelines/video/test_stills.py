"""Frames of a movie by their number, whatever its times and format, and in a zip that is made as it is read."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import NotFound, RequestError
from pipelines.video.media.loops import Shown, write_loop
from pipelines.video.media.reading import open_source
from pipelines.video.stills import Stills, frames_at
from tests.pipelines.video.media.clips import Movie, make, number_of, numbered

COUNT = 40
UNEVEN = tuple(n * 512 + 200 * (n % 3) for n in range(COUNT))


def number(png: bytes) -> int:
    with Image.open(io.BytesIO(png)) as picture:
        return number_of(np.asarray(picture.convert("RGB")))


def stills(path: Path) -> Stills:
    return Stills(path, "film", COUNT)


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("even") / "even.mp4", Movie(frames=COUNT))


@pytest.mark.parametrize("frame", [0, 1, 11, 12, 13, 39])
def test_a_frame_is_found_by_its_number(even: Path, frame: int) -> None:
    assert number(stills(even).png(frame)) == frame


def test_frames_that_last_equally_long_are_sought_for(even: Path) -> None:
    with open_source(even) as source:
        passed = [frame.pts for frame in source.frames(30, 34)]
        sought = [frame.pts for frame in frames_at(source, 30, 4)]

    assert sought == passed


@pytest.mark.parametrize(
    ("name", "movie"),
    [
        ("uneven.mp4", Movie(frames=COUNT, pts=UNEVEN, time_base=Fraction(1, 12_800))),
        ("plain.mkv", Movie(frames=COUNT)),
        ("coarse.mp4", Movie(frames=COUNT, rate=Fraction(24), tracks=0)),
    ],
)
def test_times_and_format_do_not_matter(tmp_path: Path, name: str, movie: Movie) -> None:
    path = make(tmp_path / name, movie)

    assert [number(stills(path).png(frame)) for frame in (0, 7, 26, 39)] == [0, 7, 26, 39]


@pytest.mark.parametrize("frame", [-1, COUNT, 10**9])
def test_what_is_not_there_is_not_found(even: Path, frame: int) -> None:
    with pytest.raises(NotFound, match="no frame"):
        stills(even).png(frame)


def test_a_stretch_is_packed_with_the_numbers_of_its_frames(even: Path) -> None:
    data = b"".join(stills(even).packed(8, 12))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == [f"frame-{frame:06}.png" for frame in range(8, 13)]
        assert [number(archive.read(name)) for name in names] == list(range(8, 13))
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_zip_comes_frame_by_frame(even: Path) -> None:
    parts = stills(even).packed(0, COUNT - 1)

    first, *others = islice(parts, 3)

    assert zipfile.ZipFile(io.BytesIO(b"".join([first, *others, *parts]))).testzip() is None
    assert all(part.count(b"\x89PNG\r\n") == 1 for part in (first, *others))


def test_whoever_goes_away_leaves_no_decoder_behind(even: Path) -> None:
    parts = stills(even).packed(0, COUNT - 1)
    next(parts)
    parts.close()  # type: ignore[attr-defined]

    assert list(parts) == []


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (3, 2), (0, COUNT), (COUNT, COUNT)])
def test_a_stretch_that_is_none_is_refused_before_anything_is_sent(
    even: Path, first: int, last: int
) -> None:
    with pytest.raises(RequestError, match=r"first|last"):
        stills(even).packed(first, last)


def test_pictures_that_move_have_frames_too(tmp_path: Path) -> None:
    shown = [Shown(numbered(frame), Fraction(1, 10)) for frame in range(6)]
    for kind, suffix in (("webp", ".webp"), ("apng", ".png"), ("gif", ".gif")):
        path = tmp_path / f"loop{suffix}"
        write_loop(iter(shown), path, kind)

        found = Stills(path, "loop", 6)

        assert [number(found.png(frame)) for frame in (0, 3, 5)] == [0, 3, 5], kind
