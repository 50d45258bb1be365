"""Segments: whole or not there, each of them alone, and the same bytes however often the work was killed."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import DiskFull, StateDamaged
from pipelines.video.media.encoders import Form, available, choose
from pipelines.video.media.joining import join
from pipelines.video.media.writing import (
    SEGMENT_FRAMES,
    SegmentWriter,
    segments,
    times_of,
    whole_frames,
)
from tests.pipelines.video.media.clips import NTSC, number_of, numbered

H264 = choose("h264", available())
FORM = Form(H264, 96, 64, Fraction(1, 30_000), NTSC)
FRAMES = 2 * SEGMENT_FRAMES + 10
ROOT = Path(__file__).parents[4]
JOB = """
import sys
from pathlib import Path
from tests.pipelines.video.media.test_writing import work
work(Path(sys.argv[1]))
"""


def work(folder: Path, frames: int = FRAMES) -> None:
    """A job that goes on where it was killed."""
    start = whole_frames(folder)
    with SegmentWriter(folder, FORM, start) as writer:
        for number in range(start, frames):
            writer.write(numbered(number), number * 1001 + number % 2, 1001)


def shown(segment: Path) -> list[int]:
    with av.open(str(segment)) as movie:
        return [number_of(frame.to_ndarray(format="rgb24")) for frame in movie.decode(video=0)]


def test_segments_hold_64_frames_and_their_true_times(tmp_path: Path) -> None:
    work(tmp_path)

    there = segments(tmp_path)
    assert [shown(path) for path in there] == [
        list(range(64)), list(range(64, 128)), list(range(128, 138)),
    ]  # fmt: skip
    last = times_of(there[-1])
    assert last.pts == tuple(number * 1001 + number % 2 for number in range(128, 138))
    assert (last.time_base, last.last_duration, last.size_px) == (FORM.time_base, 1001, (96, 64))
    assert sorted(tmp_path.iterdir()) == there


def test_frames_are_decoded_in_the_order_in_which_they_are_shown(tmp_path: Path) -> None:
    for encoder in available():
        folder = tmp_path / encoder.name
        with SegmentWriter(folder, Form(encoder, 96, 64, Fraction(1, 25), Fraction(25))) as writer:
            for number in range(20):
                writer.write(numbered(number), number, 1)

        with av.open(str(segments(folder)[0])) as movie:
            packets = [packet for packet in movie.demux(video=0) if packet.size]
        assert [packet.pts for packet in packets] == [40 * number for number in range(20)]
        assert packets[0].is_keyframe
        assert shown(segments(folder)[0]) == list(range(20))


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only Linux can be asked")
@pytest.mark.parametrize("name", [encoder.name for encoder in available()])
def test_no_encoder_puts_itself_before_everything_else_on_the_machine(
    tmp_path: Path, name: str
) -> None:
    form = Form(choose(name, available()), 96, 64, Fraction(1, 25), Fraction(25))
    with SegmentWriter(tmp_path, form) as writer:
        for number in range(SEGMENT_FRAMES + 2):
            writer.write(numbered(number), number, 1)
            threads = [int(thread) for thread in os.listdir("/proc/self/task")]
            assert {policy(thread) for thread in threads} <= {os.SCHED_OTHER, None}
    assert policy(0) == os.SCHED_OTHER


def policy(thread: int) -> int | None:
    """Of the scheduler; None of one that has ended."""
    try:
        return os.sched_getscheduler(thread)
    except ProcessLookupError:
        return None


def test_work_that_fails_drops_the_segment_at_hand(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), SegmentWriter(tmp_path, FORM) as writer:  # noqa: PT012
        for number in range(SEGMENT_FRAMES + 5):
            writer.write(numbered(number), number, 1)
        raise RuntimeError

    assert whole_frames(tmp_path) == SEGMENT_FRAMES
    assert len(list(tmp_path.iterdir())) == 1


def test_a_short_segment_is_made_again(tmp_path: Path) -> None:
    work(tmp_path, frames=70)

    assert len(segments(tmp_path)) == 2
    assert whole_frames(tmp_path) == SEGMENT_FRAMES
    work(tmp_path)
    assert shown(segments(tmp_path)[1]) == list(range(64, 128))


def test_what_lies_behind_the_start_is_deleted(tmp_path: Path) -> None:
    work(tmp_path)
    (tmp_path / "000001.mkv.part").write_bytes(b"half")

    SegmentWriter(tmp_path, FORM, SEGMENT_FRAMES)

    assert [path.name for path in tmp_path.iterdir()] == ["000000.mkv"]


def test_no_work_begins_in_the_middle_of_a_segment(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frame 65 does not begin a segment"):
        SegmentWriter(tmp_path, FORM, 65)


def test_killed_work_comes_to_the_same_bytes(tmp_path: Path) -> None:
    work(tmp_path / "calm")
    join(segments(tmp_path / "calm"), tmp_path / "calm.mp4", H264)
    chance, kills = random.Random(7), 0
    for _ in range(3):
        job = subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path / "killed")], cwd=ROOT)
        while job.poll() is None and not (tmp_path / "killed").exists():
            time.sleep(0.005)
        time.sleep(chance.uniform(0.01, 0.25))
        os.kill(job.pid, signal.SIGKILL)
        kills += job.wait() == -signal.SIGKILL
    work(tmp_path / "killed")
    join(segments(tmp_path / "killed"), tmp_path / "killed.mp4", H264)

    assert kills
    assert (tmp_path / "killed.mp4").read_bytes() == (tmp_path / "calm.mp4").read_bytes()


@pytest.mark.parametrize("size", [(95, 64), (96, 63), (95, 63)])
def test_an_odd_side_is_padded_with_its_edge(tmp_path: Path, size: tuple[int, int]) -> None:
    pixels = numbered(5, size)
    form = Form(H264, *size, Fraction(1, 25), Fraction(25), "best")
    with SegmentWriter(tmp_path, form) as writer:
        writer.write(pixels, 0, 1)

    with av.open(str(segments(tmp_path)[0])) as movie:
        stored = next(movie.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert stored.shape == (64, 96, 3)
    assert times_of(segments(tmp_path)[0]).size_px == size
    padded = np.pad(pixels, ((0, 64 - size[1]), (0, 96 - size[0]), (0, 0)), mode="edge")
    assert np.abs(stored - padded).mean() < 8
    assert max(np.abs(stored - padded)[-1].mean(), np.abs(stored - padded)[:, -1].mean()) < 12


@pytest.mark.parametrize(("pts", "size"), [(7, (96, 64)), (6, (96, 64)), (8, (64, 96))])
def test_frames_that_do_not_fit_are_refused(
    tmp_path: Path, pts: int, size: tuple[int, int]
) -> None:
    with SegmentWriter(tmp_path, FORM) as writer:
        writer.write(numbered(0), 7, 1)
        with pytest.raises(ValueError, match=r"a frame (at|of)"):
            writer.write(numbered(1, size), pts, 1)


def test_a_damaged_segment_is_named(tmp_path: Path) -> None:
    work(tmp_path, frames=3)
    segment = segments(tmp_path)[0]
    segment.write_bytes(segment.read_bytes()[:100])

    with pytest.raises(StateDamaged, match=r"000000\.mkv is no segment"):
        whole_frames(tmp_path)


def test_a_segment_that_is_not_safe_on_the_disk_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("pipelines.output.disk.sync_file", fail)

    with pytest.raises(DiskFull):
        work(tmp_path, frames=3)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(DiskFull, match="Cannot write into"):
        SegmentWriter(tmp_path / "file" / "segments", FORM)
