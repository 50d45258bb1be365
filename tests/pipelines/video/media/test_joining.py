"""Joined movies: each frame at its time to the tick, the sound packet by packet as it was."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from pipelines.errors import DiskFull
from pipelines.video.media.encoders import Form, available, choose
from pipelines.video.media.errors import MediaError
from pipelines.video.media.joining import Sound, join
from pipelines.video.media.probe import probe
from pipelines.video.media.reading import open_source
from pipelines.video.media.writing import SegmentWriter, segments
from tests.pipelines.video.media.clips import (
    Movie,
    make,
    number_of,
    numbered,
    sound_packets,
    sound_times,
)

H264 = choose("h264", available())
UNEVEN = [number * 3003 + number % 3 * 400 for number in range(70)]
SOURCES = {
    "uneven.mp4": Movie(70, pts=UNEVEN, time_base=Fraction(1, 90_000)),
    "late.mp4": Movie(70, pts=range(101, 171)),
    "stream.ts": Movie(70),
    "two.mkv": Movie(70, tracks=2),
    "silent.mp4": Movie(70, tracks=0),
}


def rewritten(
    path: Path, name: str = "h264", frames: slice = slice(None), is_cut: bool = False
) -> Path:
    """The movie, each frame decoded by plain PyAV and encoded again, and its sound."""
    encoder = choose(name, available())
    target = path.with_name(f"{path.stem}-{name}{encoder.suffix}")
    with av.open(str(path)) as movie:
        stream = movie.streams.video[0]
        form = Form(encoder, 96, 64, stream.time_base, stream.average_rate)
        with SegmentWriter(path.with_suffix(".segments"), form) as writer:
            for frame in list(movie.decode(stream))[frames]:
                writer.write(frame.to_ndarray(format="rgb24"), frame.pts, frame.duration)
    join(segments_of(path), target, encoder, Sound(path, is_cut))
    return target


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie, with its segments and what was joined of them beside it; only read."""
    source = make(tmp_path_factory.mktemp("film") / "film.mp4", Movie(70))
    rewritten(source)
    return source


def segments_of(source: Path) -> list[Path]:
    return segments(source.with_suffix(".segments"))


def told(path: Path) -> list[tuple[int, Fraction]]:
    """What each frame shows, and when, as plain PyAV reads it."""
    with av.open(str(path)) as movie:
        return [
            (number_of(frame.to_ndarray(format="rgb24")), frame.pts * frame.time_base)
            for frame in movie.decode(video=0)
        ]


def test_a_movie_can_be_read_and_written_again(tmp_path: Path) -> None:
    path = make(tmp_path / "film.mp4", SOURCES["uneven.mp4"])
    with open_source(path) as source:
        form = Form(H264, 96, 64, source.time_base, source.clip.average_rate)
        with SegmentWriter(tmp_path / "segments", form) as writer:
            for frame in source.frames():
                writer.write(frame.pixels, frame.pts, frame.duration)

    join(segments(tmp_path / "segments"), tmp_path / "again.mp4", H264, Sound(path, is_cut=False))

    assert told(tmp_path / "again.mp4") == told(path)
    assert sound_packets(tmp_path / "again.mp4") == sound_packets(path)


@pytest.mark.parametrize("name", SOURCES)
def test_every_frame_keeps_its_time_and_every_packet_its_bytes(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / name, SOURCES[name])

    target = rewritten(source)

    assert told(target) == told(source)
    if not name.endswith(
        ".ts"
    ):  # whose packets of sound each have a header that MP4 has no place for
        assert sound_packets(target) == sound_packets(source)
    assert len(sound_packets(target)) == len(sound_packets(source))


def test_an_mp4_is_as_browsers_want_it(film: Path) -> None:
    target = film.with_name("film-h264.mp4")

    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "it can be played before it is there whole"
    with av.open(str(target)) as movie:
        stream = movie.streams.video[0]
        tags = (stream.colorspace, stream.color_primaries, stream.color_trc, stream.color_range)
        assert (stream.pix_fmt, tags) == ("yuv420p", (1, 1, 1, 1))


@pytest.mark.parametrize("name", ["h264", "av1"])
def test_sound_keeps_its_place_beside_the_pictures(film: Path, name: str) -> None:
    target = film.with_name("film-h264.mp4") if name == "h264" else rewritten(film, name)

    assert told(target) == told(film)
    assert sound_times(target) == sound_times(film)
    assert sound_packets(target) == sound_packets(film)


def test_times_in_milliseconds_become_times_to_the_sample(tmp_path: Path) -> None:
    times = sound_times(rewritten(make(tmp_path / "film.mkv")))

    steps = {later - earlier for earlier, later in pairwise(times)}
    assert steps == {Fraction(1024, 48_000)}


def test_webm_gets_its_sound_anew_and_rounds_to_milliseconds(tmp_path: Path) -> None:
    source = make(tmp_path / "film.mp4")

    target = rewritten(source, "vp9")

    pairs = list(zip(told(target), told(source), strict=True))
    assert all(one == other for (one, _), (other, _) in pairs)
    assert max(abs(one - other) for (_, one), (_, other) in pairs) <= Fraction(1, 2000)
    assert probe(target).audio[0].codec == "opus"
    with av.open(str(target)) as movie:
        seconds = sum(frame.samples for frame in movie.decode(audio=0)) / 48_000
    assert seconds == pytest.approx(40 * 1001 / 30_000, abs=0.05)


def test_sound_that_the_container_knows_is_copied(tmp_path: Path) -> None:
    source = make(tmp_path / "film.webm", Movie(codec="libvpx-vp9", sound="libopus", options=()))

    assert sound_packets(rewritten(source, "vp9")) == sound_packets(source)


def test_sound_that_mp4_does_not_know_becomes_aac(tmp_path: Path) -> None:
    target = rewritten(
        make(tmp_path / "film.avi", Movie(sound="pcm_s16le", codec="mpeg4", options=()))
    )

    assert probe(target).audio[0].codec == "aac"
    with av.open(str(target)) as movie:
        samples = [frame.to_ndarray() for frame in movie.decode(audio=0)]
    assert sum(part.shape[1] for part in samples) == pytest.approx(64_064, abs=2048)
    assert max(abs(part).max() for part in samples) == pytest.approx(0.3, abs=0.05)


def test_a_part_begins_at_zero_and_has_the_sound_of_its_time(tmp_path: Path) -> None:
    source = make(tmp_path / "film.mp4", Movie(60))

    target = rewritten(source, frames=slice(20, 50), is_cut=True)

    assert [number for number, _ in told(target)] == list(range(20, 50))
    assert told(target)[0][1] == 0
    packets, whole = sound_packets(target), sound_packets(source)
    first = whole.index(packets[0])
    assert packets == whole[first : first + len(packets)]
    shift = sound_times(source)[first] - sound_times(target)[0]
    assert abs(shift - 20 / Movie().rate) < Fraction(1, 24_000)
    assert sound_times(target)[0] > Fraction(-1024, 48_000)
    assert 30 / Movie().rate - Fraction(1024, 48_000) < sound_times(target)[-1] < 30 / Movie().rate


def test_what_is_there_already_makes_a_movie(film: Path, tmp_path: Path) -> None:
    join(segments_of(film)[:1], tmp_path / "part.mp4", H264, Sound(film, is_cut=True))

    assert [number for number, _ in told(tmp_path / "part.mp4")] == list(range(64))
    assert sound_times(tmp_path / "part.mp4")[-1] < 64 / Movie().rate


def test_a_join_that_fails_leaves_the_older_movie(film: Path, tmp_path: Path) -> None:
    target, bad = tmp_path / "film.mp4", tmp_path / "bad.mp4"
    target.write_bytes(b"older")
    bad.write_bytes(b"no movie")

    with pytest.raises(MediaError, match=r"“bad.mp4” is no movie"):
        join(segments_of(film), target, H264, Sound(bad, is_cut=False))

    assert target.read_bytes() == b"older"
    assert not list(tmp_path.glob("*.part"))


def test_sound_that_nobody_knows_is_left_out_and_said(film: Path, tmp_path: Path) -> None:
    source = make(tmp_path / "film.mkv", Movie(tracks=2))
    source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_XYZ", 1))

    note = join(segments_of(film), tmp_path / "joined.mp4", H264, Sound(source, is_cut=False))

    assert note == "Tracks of sound that cannot be read, and are left out: 1."
    assert len(probe(tmp_path / "joined.mp4").audio) == 1


def test_sound_whose_times_jump_back_is_still_written(film: Path, tmp_path: Path) -> None:
    """As where a receiver has begun anew, and both parts are in one file."""
    once = make(tmp_path / "once.ts", Movie(20)).read_bytes()
    twice = tmp_path / "twice.ts"
    twice.write_bytes(once + once)

    join(segments_of(film), tmp_path / "joined.mp4", H264, Sound(twice, is_cut=False))

    times = sound_times(tmp_path / "joined.mp4")
    assert len(times) == len(sound_packets(twice))
    assert all(later > earlier for earlier, later in pairwise(times))


def test_oblong_pixels_stay_oblong(tmp_path: Path) -> None:
    form = Form(H264, 96, 64, Fraction(1, 25), Fraction(25), sample_aspect=Fraction(16, 11))
    with SegmentWriter(tmp_path / "segments", form) as writer:
        writer.write(numbered(0), 0, 1)
    join(segments(tmp_path / "segments"), tmp_path / "film.mp4", H264)

    assert probe(tmp_path / "film.mp4").sample_aspect == Fraction(16, 11)


def test_a_full_disk_is_named(film: Path, tmp_path: Path) -> None:
    (tmp_path / "full.mp4.part").symlink_to("/dev/full")

    with pytest.raises(DiskFull, match="The disk is full"):
        join(segments_of(film), tmp_path / "full.mp4", H264)


def test_nothing_makes_no_movie(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="There is no frame"):
        join([], tmp_path / "film.mp4", H264)
