"""Curves: the value of a schedule at every frame of a clip.

Numbers are joined by lines. An expression is worked out at every frame up to the next key, where the curve jumps. The
last value is held, and before the first key its value is. Keys outside of the clip count nothing unless all are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.video.schedules.expressions import Expression
from pipelines.video.schedules.functions import Floats
from pipelines.video.schedules.keyframes import FRAME_MAX, Key, Schedule

ANY = (-math.inf, math.inf)


@dataclass(frozen=True)
class Clip:
    """What expressions may ask of a clip: how many frames it has (1 or more), its seed, and frames a second."""

    frame_count: int
    seed: int
    fps: float

    def names(self, frames: Any) -> Mapping[str, Any]:
        """What the names in an expression stand for at these frames."""
        return {"t": frames, "max_f": self.frame_count - 1, "s": self.seed, "fps": self.fps}


def frame(at: int | Expression, clip: Clip) -> int:
    """The frame of a key: expressions are cut to whole numbers, towards 0. Raises ScheduleError."""
    if isinstance(at, int):
        return at
    value = float(at.values(clip.names(np.zeros(1)))[0])
    return int(min(max(value, -FRAME_MAX), FRAME_MAX))


def frames(schedule: Schedule, clip: Clip) -> tuple[int, ...]:
    """The frame of each key, in their order; they may lie outside of the clip. Raises ScheduleError."""
    return tuple(frame(key.at, clip) for key in schedule.keys)


def values(schedule: Schedule, clip: Clip, bounds: tuple[float, float] = ANY) -> Floats:
    """One value a frame: float64, (frame_count,). Raises ScheduleError for one that is not finite or out of bounds."""
    keys = _in_force(schedule, clip)
    if keys[0][0] >= clip.frame_count:
        keys = [(0, _frozen(*keys[0], clip))]
    starts = [start for start, _ in keys]
    ends = [*starts[1:], clip.frame_count]
    curve = np.zeros(clip.frame_count)
    is_known = np.zeros(clip.frame_count, bool)
    for (start, key), end in zip(keys, ends, strict=True):
        stop = start + 1 if key.is_number else end
        curve[start:stop] = _meaning(key, clip, np.arange(start, stop, dtype=np.float64))
        is_known[start:stop] = True
    known = np.flatnonzero(is_known)
    curve = np.interp(np.arange(clip.frame_count), known, curve[known])
    _check_bounds(curve, bounds, schedule, keys)
    return curve


def texts(schedule: Schedule, clip: Clip) -> tuple[str, ...]:
    """The name that holds at each frame. Raises ScheduleError for a frame that cannot be worked out."""
    keys = _in_force(schedule, clip)
    starts = np.asarray([start for start, _ in keys])
    held = governing(starts, clip.frame_count)
    return tuple(keys[index][1].value for index in held)


def governing(starts: NDArray[np.int_], frame_count: int) -> list[int]:
    """For each frame, which of the keys that start there (in rising order) holds; before the first one, it does."""
    found = np.searchsorted(starts, np.arange(frame_count), side="right") - 1
    return [int(index) for index in np.maximum(found, 0)]


def _in_force(schedule: Schedule, clip: Clip) -> list[tuple[int, Key]]:
    """(frame, key) inside the clip, by frame; of several at one frame the last one counts.

    Where none lies inside, the first one past the end, or the last one before the start, which then begins at 0.
    """
    placed = dict(zip(frames(schedule, clip), schedule.keys, strict=True))
    order = sorted(placed)
    inside = [(at, placed[at]) for at in order if 0 <= at < clip.frame_count]
    later = [(at, placed[at]) for at in order if at >= clip.frame_count]
    return inside or later[:1] or [(0, placed[order[-1]])]


def _frozen(at: int, key: Key, clip: Clip) -> Key:
    """The key as the number that it is at its own frame."""
    return replace(key, meaning=float(np.ravel(_meaning(key, clip, np.full(1, float(at))))[0]))


def _meaning(key: Key, clip: Clip, at: Floats) -> Floats | float:
    if isinstance(key.meaning, Expression):
        return key.meaning.values(clip.names(at))
    return float(key.meaning or 0)


def _check_bounds(
    curve: Floats, bounds: tuple[float, float], schedule: Schedule, keys: list[tuple[int, Key]]
) -> None:
    low, high = bounds
    outside = np.flatnonzero((curve < low) | (curve > high))
    if not outside.size:
        return
    first = int(outside[0])
    starts = np.asarray([start for start, _ in keys])
    key = keys[governing(starts, first + 1)[first]][1]
    why = f"is {curve[first]:g} at frame {first}, outside {low:g} to {high:g}"
    remedy = f"Use {low:g} to {high:g}; clip(…, {low:g}, {high:g}) keeps an expression inside."
    raise schedule.place(key).error(why, remedy)
