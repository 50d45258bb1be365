"""Writes pictures into segments: files of 64 frames that each stand alone, whole on the disk or not there.

A job that is killed goes on behind the last whole segment and comes to the same bytes: every segment has an encoder of
its own, which begins with a key frame. A segment holds its frames' true times beside them, since the containers of
movies round those.

A movie has even sides in 4:2:0: of an odd one the last row or column is written twice. Nothing is ever rescaled. The
true size stands in each segment, and is told by `times_of`; movies themselves can only say the even one.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import av.error
import cv2
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipelines.errors import StateDamaged
from pipelines.output import disk
from pipelines.video.media.colours import to_bt709
from pipelines.video.media.encoders import PIXEL_FORMAT, Form, even, picture_stream

SEGMENT_FRAMES = 64
SUFFIX = ".mkv"
TIMES = "FRAME_TIMES"  # the tag of a segment with its times, as JSON


@dataclass(frozen=True)
class Times:
    """Of the frames of one segment, in units of `time_base` seconds. `last_duration`: how long the last is shown.

    `size_px`: the true (width, height) of the frames.
    """

    time_base: Fraction
    pts: tuple[int, ...]
    last_duration: int
    size_px: tuple[int, int]


class SegmentWriter:
    """Takes one frame after the other. A context manager: left by an error it drops the segment at hand.

    `first_frame`: where a job goes on, a multiple of SEGMENT_FRAMES; segments behind it are deleted. Raises DiskFull.
    """

    def __init__(self, folder: Path, form: Form, first_frame: int = 0) -> None:
        if first_frame % SEGMENT_FRAMES:
            raise ValueError(f"frame {first_frame} does not begin a segment")
        self.folder, self.form = folder, form
        self._number = first_frame // SEGMENT_FRAMES
        self._segment: _Segment | None = None
        with disk.failures_named(folder):
            folder.mkdir(parents=True, exist_ok=True)
            kept = {_path(folder, number) for number in range(self._number)}
            for path in sorted(folder.glob(f"*{SUFFIX}*")):
                if path not in kept:
                    path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write_segment()

    def write(self, pixels: NDArray[np.uint8], pts: int, duration: int) -> None:
        """One frame, (height, width, 3) RGB; `duration` counts for the last frame alone.

        Raises ValueError for one of another size, or with a PTS that is not larger than the one before.
        """
        if pixels.shape != (self.form.height_px, self.form.width_px, 3):
            raise ValueError(f"a frame of {pixels.shape} among those of {self.form}")
        if self._segment is None:
            self._segment = _Segment(self.form)
        self._segment.add(pixels, pts, duration)
        if len(self._segment.pts) == SEGMENT_FRAMES:
            self._write_segment()

    def _write_segment(self) -> None:
        if self._segment is not None:
            with disk.failures_named(self.folder):
                disk.rewrite(_path(self.folder, self._number), self._segment.closed())
            self._number, self._segment = self._number + 1, None


class _Segment:
    """Frames on their way into one file. Its bytes stay in memory until it is closed: for 4K about 50 MB."""

    def __init__(self, form: Form) -> None:
        self._form, self._converter = form, VideoReformatter()
        self._bytes = io.BytesIO()
        self._output = av.open(self._bytes, "w", format="matroska", options={"fflags": "+bitexact"})
        self._stream = picture_stream(self._output, form)
        self._packets: list[Packet[VideoStream]] = []
        self.pts: list[int] = []
        self._last_duration = 0

    def add(self, pixels: NDArray[np.uint8], pts: int, duration: int) -> None:
        if self.pts and pts <= self.pts[-1]:
            raise ValueError(f"a frame at {pts} behind one at {self.pts[-1]}")
        frame = to_bt709(VideoFrame.from_ndarray(_padded(pixels)), PIXEL_FORMAT, self._converter)
        frame.pts, frame.time_base = len(self.pts), 1 / self._form.rate
        self._packets += self._stream.encode(frame)
        self.pts.append(pts)
        self._last_duration = duration

    def closed(self) -> bytes:
        self._packets += self._stream.encode(None)
        assert len(self._packets) == len(self.pts)
        times = {
            "time_base": str(self._form.time_base),
            "pts": self.pts,
            "last_duration": self._last_duration,
            "size_px": [self._form.width_px, self._form.height_px],
        }
        self._output.metadata[TIMES] = json.dumps(times)
        self._output.mux(self._packets)
        self._output.close()
        return self._bytes.getvalue()


def segments(folder: Path) -> list[Path]:
    """The segments that are whole, in their order, as far as none is missing."""
    there: list[Path] = []
    while (path := _path(folder, len(there))).is_file():
        there.append(path)
    return there


def whole_frames(folder: Path) -> int:
    """How many frames are in full segments; with this number SegmentWriter goes on."""
    there = segments(folder)
    if there and len(times_of(there[-1]).pts) < SEGMENT_FRAMES:
        there.pop()
    return len(there) * SEGMENT_FRAMES


def times_of(segment: Path) -> Times:
    """When the frames of a segment are shown. Raises StateDamaged for a file that is none of ours."""
    try:
        with av.open(str(segment), "r", format="matroska") as container:
            told = json.loads(container.metadata[TIMES])
        return Times(
            Fraction(told["time_base"]),
            tuple(told["pts"]),
            told["last_duration"],
            (told["size_px"][0], told["size_px"][1]),
        )
    except (av.error.FFmpegError, KeyError, ValueError) as error:
        why = f"{segment.name} is no segment of a movie ({type(error).__name__})."
        raise StateDamaged(why, "Delete it; its frames are then made again.") from None


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:06}{SUFFIX}"


def _padded(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    below, right = (even(side_px) - side_px for side_px in pixels.shape[:2])
    if not below and not right:
        return np.ascontiguousarray(pixels)
    padded = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)
