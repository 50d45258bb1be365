"""Retiming: which moment of a movie each frame of another rate or speed shows. A plan only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.errors import RequestError
from pipelines.fields import within

FPS_BOUNDS = (1.0, 240.0)
SPEED_BOUNDS = (0.02, 50.0)
SNAP = 0.02  # of the way to the next frame: so near, a frame is shown as it is rather than made
NEARLY_SECONDS = 1e-6  # by which rounded times may miss the end


@dataclass(frozen=True)
class Moment:
    """Between source frame `frame` and the one after it, at `time` 0…1 of the way; 0 is the frame itself."""

    frame: int
    time: float


@dataclass(frozen=True)
class Pace:
    """`fps`: frames a second to be made; `speed`: 0.5 is slow motion, 2 twice as fast. Raises RequestError."""

    fps: float
    speed: float = 1.0

    def __post_init__(self) -> None:
        within("fps", self.fps, FPS_BOUNDS)
        within("speed", self.speed, SPEED_BOUNDS)


def retimed(
    times_seconds: Sequence[float], pace: Pace, cuts: Iterable[int] = ()
) -> Iterator[Moment]:
    """The moment of each new frame, in order, for as long as the movie lasts.

    `times_seconds`: when each source frame is shown, ascending, evenly or not; the last one is shown as long as most
    are. Nothing is made between the last frame of a shot and the cut after it. Raises RequestError unless times
    ascend.
    """
    steps = np.diff(np.asarray(times_seconds, np.float64))
    if not len(times_seconds) or (steps <= 0).any():
        remedy = "Sort the frames by time, each once."
        raise RequestError("times_seconds", list(times_seconds[:8]), "do not ascend", remedy)
    last = len(times_seconds) - 1
    lasts = float(np.median(steps)) if last else pace.speed / pace.fps
    end = times_seconds[last] + lasts - NEARLY_SECONDS
    starts = {*cuts, last + 1}
    number = 0
    while (now := times_seconds[0] + number * pace.speed / pace.fps) < end:
        yield _moment(times_seconds, now, starts)
        number += 1


def _moment(times_seconds: Sequence[float], now: float, starts: set[int]) -> Moment:
    frame = max(0, bisect_right(times_seconds, now + NEARLY_SECONDS) - 1)
    if frame + 1 in starts:
        return Moment(frame, 0.0)
    time = (now - times_seconds[frame]) / (times_seconds[frame + 1] - times_seconds[frame])
    if time < SNAP:
        return Moment(frame, 0.0)
    return Moment(frame + 1, 0.0) if time > 1 - SNAP else Moment(frame, time)
