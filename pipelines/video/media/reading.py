"""Reads a movie frame by frame: a child decodes, a few frames ahead at most, and the frames come through a pipe."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.media.child import Child, shown
from pipelines.video.media.probe import Clip, probe

Pixels = NDArray[np.uint8]
EARLY_SECONDS, EARLY_SHARE = (
    1.0,
    0.02,
)  # so much earlier than it says a movie may end without a word


@dataclass(frozen=True)
class Frame:
    """`pixels`: (height, width, 3) RGB, upright. `pts` and `duration` in units of the movie's time base.

    Within one movie each PTS is larger than the one before.
    """

    pixels: Pixels
    pts: int
    duration: int


class Source:
    """A movie that is open for reading; see open_source.

    `note` says, once frames have been read to their end, what the file has too few of or damaged; else it is empty.
    """

    def __init__(self, path: Path, clip: Clip) -> None:
        self.path, self.clip = path, clip
        self.time_base = clip.time_base
        self.note = ""
        self._readings = contextlib.ExitStack()

    def close(self) -> None:
        """Ends what still decodes."""
        self._readings.close()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames number `start` to before `stop`, counted from 0 in the order in which they are shown.

        Those before `start` are decoded and passed over: where the PTS of a frame is known, frames_from is quicker.
        Raises MediaError.
        """
        return self._started({"start": start, "stop": stop})

    def frames_from(self, pts: int, count: int | None = None) -> Iterator[Frame]:
        """The frame with this PTS, or else the next one, and those after it; `count` of them. Raises MediaError."""
        return self._started({"since_pts": pts, "stop": count})

    def _started(self, asked: dict[str, Any]) -> Iterator[Frame]:
        reading = self._read(asked)
        self._readings.callback(reading.close)
        return reading

    def _read(self, asked: dict[str, Any]) -> Generator[Frame, None, None]:
        clip, last = self.clip, None
        usual = max(1, round(1 / (clip.average_rate * clip.time_base)))
        with Child("frames", self.path, {"size": clip.stored_size_px, **asked}) as child:
            while "broken" not in (told := child.receive())[0]:
                header, data = told
                if "shape" in header:
                    pixels = upright(_unpacked(data, *header["shape"]), clip.turn)
                    pts = _later(header["pts"], last)
                    last = Frame(pixels, pts, header["duration"] or usual)
                    yield last
        self.note = self._noted(told[0], asked, last)

    def _noted(self, told: dict[str, Any], asked: dict[str, Any], last: Frame | None) -> str:
        """What is missing; where not all was asked for only what is damaged is known."""
        name, clip = shown(self.path), self.clip
        notes = []
        if told["broken"]:
            notes.append(f"{told['broken']} parts of {name} are damaged and were passed over.")
        if asked["stop"] is not None or last is None:
            return " ".join(notes)
        end_seconds = float((last.pts + last.duration) * clip.time_base - clip.start_seconds)
        allowed_seconds = max(EARLY_SECONDS, EARLY_SHARE * clip.duration_seconds)
        if clip.is_count_exact and "since_pts" not in asked:
            if told["frames"] < clip.frame_count:
                of = f"{told['frames']:,} of {clip.frame_count:,} frames can be read"
                notes.append(f"{name} is incomplete: {of}.")
        elif end_seconds < clip.duration_seconds - allowed_seconds:
            of = f"its pictures end after {end_seconds:.1f} s of {clip.duration_seconds:.1f} s"
            notes.append(f"{name} is incomplete: {of}.")
        return " ".join(notes)


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """A movie of a stranger, closed at the end. Raises MediaError."""
    source = Source(path, probe(path))
    try:
        yield source
    finally:
        source.close()


def _unpacked(data: bytearray, height: int, line_bytes: int, width: int) -> Pixels:
    """The pixels without what FFmpeg adds to each line."""
    lines = np.frombuffer(data, np.uint8)[: height * line_bytes].reshape(height, line_bytes)
    return lines[:, : 3 * width].reshape(height, width, 3)


def _later(pts: int | None, last: Frame | None) -> int:
    """The PTS, moved behind the one before where a damaged file says otherwise, and guessed where it says none."""
    if last is None:
        return pts or 0
    return last.pts + last.duration if pts is None else max(pts, last.pts + 1)


def upright(pixels: Pixels, turn: tuple[int, int, int, int]) -> Pixels:
    """The picture as it is to be seen; `turn` as in Clip."""
    across, _, _, down = turn
    if not across:
        pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        across, down = turn[2], turn[1]
    if across < 0 or down < 0:
        way = (
            -1 if across < 0 and down < 0 else int(across < 0)
        )  # of cv2.flip: 1 for left and right
        pixels = np.asarray(cv2.flip(pixels, way), np.uint8)
    return np.ascontiguousarray(pixels)
