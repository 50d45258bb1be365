"""Strangers' files: what is no movie is refused in words, nothing else is opened, and no child outlives its limits."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
from pathlib import Path

import av
import pytest
from PIL import Image

from pipelines.video.media import child as module
from pipelines.video.media.child import HOUSE, Child, isolated
from pipelines.video.media.errors import MediaError
from pipelines.video.media.probe import probe
from tests.pipelines.video.media.clips import Movie, make, make_song

DASH = b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>'


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, kind)
    return file.getvalue()


REFUSED = [
    (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n",
        "is a playlist, which points to",
    ),
    (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "is a playlist, which points to other files"),
    (DASH, "is a playlist, which points to other files"),
    (b"[playlist]\nFile1=http://example.org/film.mp4\n", "is a playlist, which points to"),
    (b"Dear diary, today I have seen a movie.\n", "is a text"),
    (b"<!DOCTYPE html><script>alert(1)</script>", "is an HTML page"),
    (picture("PNG"), "is a picture"),
    (picture("WEBP"), "is a WebP picture"),
    (b"PK\x03\x04" + bytes(100), "is a ZIP archive"),
    (bytes(5000), "is no movie that we can read"),
    (b"YUV4MPEG2 W16 H16 F25:1\nFRAME\n" + bytes(384), "is no movie that we can read"),
    (b"", "is empty"),
]


@pytest.mark.parametrize(("data", "why"), REFUSED, ids=[data[:12] for data, _ in REFUSED])
def test_what_is_no_movie_is_named_and_refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(data)

    with pytest.raises(MediaError, match=f"“film.mp4” {why}") as error:
        probe(path)

    assert error.value.remedy.startswith("Send an MP4")


def test_a_playlist_behind_other_words_is_not_followed(tmp_path: Path) -> None:
    """Past our own look at its beginning; FFmpeg itself knows it for a playlist."""
    make(tmp_path / "film.ts", Movie(frames=5))
    path = tmp_path / "film.mp4"
    words = "#" * 5000 + "\n"
    path.write_text(f"#EXTM3U8\n{words}#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{tmp_path}/film.ts\n")
    with Child("facts", path, {}) as child, pytest.raises(MediaError, match="no movie"):
        child.receive()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"“film.mp4” is not there\."):
        probe(tmp_path / "film.mp4")


def test_sound_alone_is_no_movie(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"“song.mp4” holds sound, but no pictures"):
        probe(make_song(tmp_path / "song.mp4"))


def test_pictures_that_lie_in_another_file_are_not_fetched(tmp_path: Path) -> None:
    other = make(tmp_path / "other.mp4", Movie(frames=5, tracks=0))
    path = tmp_path / "film.mp4"
    path.write_bytes(pointing_at(other))
    lenient = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(path), options=lenient) as movie:
        assert len(list(movie.decode(video=0))) == 5, "the reference is one that FFmpeg can follow"

    with pytest.raises(MediaError, match="holds no frame that can be decoded"):
        probe(path)


def pointing_at(other: Path) -> bytes:
    """The movie without its pictures; its data reference says that they lie in the other file."""
    data, name = other.read_bytes(), os.fsencode(other)
    names = b"\3" + b"vol".ljust(27, b"\0") + bytes(12) + b"\1" + b"x".ljust(63, b"\0")
    alias = bytes(10) + names + bytes(16) + struct.pack(">HH", 0, 0) + bytes(16)
    alias += struct.pack(">HH", 2, len(name)) + name + bytes(len(name) % 2)
    alias += struct.pack(">HH", 0xFFFF, 0) + bytes(40)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    at = data.index(b"url \0\0\0\1") - 4
    changed = bytearray(data[:at] + entry + data[at + 12 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = changed.index(box, changed.index(b"moov")) - 4
        size = struct.unpack_from(">I", changed, start)[0] + len(entry) - 12
        struct.pack_into(">I", changed, start, size)
    start, end = changed.index(b"mdat") + 4, changed.index(b"moov") - 4
    changed[start:end] = bytes(end - start)
    return bytes(changed)


@pytest.mark.parametrize("side", [20_000, 65_535])
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path, side: int) -> None:
    file = io.BytesIO()
    frames = [Image.new("P", (8, 8), colour) for colour in (0, 1)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    data = bytearray(file.getvalue())
    struct.pack_into("<HH", data, 6, side, side)
    path = tmp_path / "bomb.gif"
    path.write_bytes(data)

    with pytest.raises(MediaError, match=r"pixels; 8192 × 4320 are the most|no frame"):
        probe(path)


def test_a_damaged_movie_gives_what_it_can(tmp_path: Path) -> None:
    data = bytearray(make(tmp_path / "whole.mkv", Movie(tracks=0)).read_bytes())
    data[len(data) // 3 : len(data) // 2] = os.urandom(len(data) // 2 - len(data) // 3)
    path = tmp_path / "film.mkv"
    path.write_bytes(data)

    with Child("frames", path, {"size": (96, 64)}) as child:
        told = [child.receive()[0]]
        while "broken" not in told[-1]:
            told.append(child.receive()[0])

    assert 5 < told[-1]["frames"] < 40


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOCK_SECONDS", 0.2)
    path = make(tmp_path / "film.mp4", Movie(frames=2))

    with Child("facts", path, {}) as child:
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(MediaError, match=r"could not be decoded within 60 s a frame and 4 GB"):
            child.receive()


def test_a_confined_process_can_open_nothing_and_write_nothing(tmp_path: Path) -> None:
    file = tmp_path / "open.txt"
    code = (
        "import os, socket; from pipelines.video.media import limits; file = open(sys.argv[3], 'wb', 0); "
        "limits.confine()\n"
        "def fails(deed, *words):\n"
        "    try: deed(*words)\n"
        "    except (OSError, MemoryError): return 1\n"
        "    return 0\n"
        "deeds = ((os.open, '/etc/passwd', os.O_RDONLY), (socket.socket,), (file.write, b'x'), (bytearray, 2**32))\n"
        "sys.exit(sum(fails(*deed) for deed in deeds) - len(deeds))"
    )

    ended = subprocess.run([*isolated(HOUSE + code), str(file)], capture_output=True)

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert file.read_bytes() == b""


def test_a_confined_process_that_computes_for_ever_is_ended() -> None:
    code = (
        "from pipelines.video.media import limits; limits.CPU_SECONDS = 0; limits.confine()\n"
        "while True: pass"
    )

    ended = subprocess.run(isolated(HOUSE + code), capture_output=True, timeout=60)

    assert ended.returncode == -signal.SIGXCPU
