"""Looking: a movie is gone through once before anything is made of it: its times, its cuts, what moves in it.

What was seen is kept in the video's folder, so that this is done once however often the video goes on.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines.errors import StudioError
from pipelines.output.disk import failures_named, rewrite
from pipelines.video.media.probe import Clip
from pipelines.video.media.reading import Frame, Source
from pipelines.video.modes.course import Levels
from pipelines.video.steady.flow import motions
from pipelines.video.steady.keyframes import Measured, measured
from pipelines.video.steady.shots import fed, finished, watch

FILE = "looked.json"
SMALL_PX = 320  # the longer side of what motion is measured on
SAID_EVERY = 50  # frames
EDITION = 1  # another one when the same movie is seen otherwise


@dataclass(frozen=True)
class Looked:
    """Of each frame in the span: `pts` and `durations` in units of the movie, `trust` and `travel` to the one before.

    `cuts`: the numbers of the frames with which new shots begin. `note`: what is missing or damaged, or "".
    """

    pts: tuple[int, ...]
    durations: tuple[int, ...]
    cuts: tuple[int, ...]
    trust: tuple[float, ...]
    travel: tuple[float, ...]
    note: str = ""

    @property
    def frames(self) -> int:
        return len(self.pts)

    @property
    def measured(self) -> list[Measured]:
        """For the choice of keyframes."""
        pairs = zip(self.trust, self.travel, strict=True)
        return [Measured(n in self.cuts, *pair) for n, pair in enumerate(pairs)]


@dataclass(frozen=True)
class Span:
    """The part of a movie that counts: from `start` to before `end`, in seconds of the movie; None: to its end.

    Of the frames there every so many, from number `first` on, and at most `count`.
    """

    start: Fraction
    end: Fraction | None
    first: int = 0
    every: int = 1
    count: int | None = None

    def most(self, clip: Clip) -> int:
        """How many frames it holds, about and at most."""
        left = max(1, -(-(clip.frame_count - self.first) // self.every))
        return left if self.count is None else min(left, self.count)


def looked(source: Source, span: Span, folder: Path, say: Callable[[str], None]) -> Looked:
    """Raises MediaError, DiskFull, or StudioError where no frame lies in the span."""
    path = folder / FILE
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_bytes())
        if known.pop("edition") == EDITION:
            note = known.pop("note")
            return Looked(**{name: tuple(values) for name, values in known.items()}, note=note)
    found = _look(source, span, say)
    if not found.frames:
        raise StudioError("No frame of the movie lies between these times.", "Choose others.")
    values = dataclasses.asdict(found) | {"edition": EDITION}
    with failures_named(folder):
        rewrite(path, json.dumps(values).encode())
    return found


def frames_in(source: Source, span: Span) -> Iterator[tuple[Levels, int, int]]:
    """(pixels, pts, duration) of each frame in the span."""
    first = int(span.start / source.time_base)
    frames = source.frames_from(first) if span.start else source.frames()
    stop = None if span.count is None else span.first + (span.count - 1) * span.every + 1
    return islice(_until(source, frames, span), span.first, stop, span.every)


def _until(
    source: Source, frames: Iterator[Frame], span: Span
) -> Iterator[tuple[Levels, int, int]]:
    for frame in frames:
        now = frame.pts * source.time_base
        if span.end is not None and now >= span.end:
            return
        if now >= span.start:
            yield frame.pixels, frame.pts, frame.duration


def _look(source: Source, span: Span, say: Callable[[str], None]) -> Looked:
    seen, cuts, about = watch(), [], span.most(source.clip)
    pts, durations, steps = [], [], []
    before: Levels | None = None
    for number, (pixels, at, duration) in enumerate(frames_in(source, span)):
        if number % SAID_EVERY == 0:
            say(f"looking at the movie, frame {number + 1:,} of about {about:,}")
        seen, cut = fed(seen, pixels)
        cuts += [] if cut is None else [cut]
        small = _small(pixels)
        one = Measured(False) if before is None else _step(small, before)
        pts.append(at)
        durations.append(duration)
        steps.append(one)
        before = small
    return Looked(
        tuple(pts),
        tuple(durations),
        (*cuts, *finished(seen)),
        tuple(one.trust for one in steps),
        tuple(one.travel_share for one in steps),
        source.note,
    )


def _step(small: Levels, before: Levels) -> Measured:
    return measured(motions(small, before, "fast")[0], is_cut=False)


def _small(pixels: Levels) -> Levels:
    height, width = pixels.shape[:2]
    scale = min(1.0, SMALL_PX / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
