"""Reads a movie frame by frame: a child decodes, a few frames ahead at most, and the frames come through a pipe."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.media.child import Child, shown
from pipelines.video.media.probe import Clip, probe

Pixels = NDArray[np.uint8]
FLIPS = {(1, 1): None, (-1, 1): 1, (1, -1): 0, (-1, -1): -1}  # signs of x and y → code of cv2.flip
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


class _Clock:
    """Makes the times of frames later and later, as they are in all files but damaged ones and those put together."""

    def __init__(self, time_base: Fraction) -> None:
        self._jump = round(1 / time_base)  # a second
        self._last: int | None = None
        self._moved = 0
        self.next_pts = 0

    def set(self, pts: int | None) -> int:
        """The PTS that counts. Once times jump back all later ones are moved; where none is told it is guessed."""
        told = self.next_pts if pts is None else pts + self._moved
        if self._last is not None and told <= self._last:
            if pts is not None and told < self._last - self._jump:
                self._moved += self.next_pts - told
                told = self.next_pts
            else:
                told = self._last + 1
        self._last = told
        return told


class Source:
    """A movie that is open for reading; see open_source.

    `note` says, once frames have been read to their end, what the file has too few of or damaged; else it is empty.
    """

    def __init__(self, path: Path, clip: Clip) -> None:
        self.path, self.clip = path, clip
        self.time_base = clip.time_base
        self.note = ""
        self._readings: weakref.WeakSet[Generator[Frame, None, None]] = weakref.WeakSet()

    def close(self) -> None:
        """Ends what still decodes."""
        for reading in list(self._readings):
            reading.close()

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
        self._readings.add(reading)  # one that nobody holds any longer ends by itself
        return reading

    def _read(self, asked: dict[str, Any]) -> Generator[Frame, None, None]:
        clip, clock, last = self.clip, _Clock(self.clip.time_base), None
        usual = max(1, round(1 / (clip.average_rate * clip.time_base)))
        with Child("frames", self.path, {"size": clip.stored_size_px, **asked}) as child:
            while "broken" not in (told := child.receive())[0]:
                header, data = told
                if "shape" in header:
                    pixels = upright(_unpacked(data, *header["shape"]), clip.turn)
                    last = Frame(pixels, clock.set(header["pts"]), header["duration"] or usual)
                    clock.next_pts = last.pts + last.duration
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


def upright(pixels: Pixels, turn: tuple[int, int, int, int]) -> Pixels:
    """The picture as it is to be seen; `turn` as in Clip."""
    across, _, _, down = turn
    if not across:
        pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        across, down = turn[2], turn[1]
    flip = FLIPS[across, down]
    return np.ascontiguousarray(pixels if flip is None else cv2.flip(pixels, flip), np.uint8)
