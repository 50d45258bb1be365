"""Edits of a timeline: a key is set, added, moved or taken away; each gives the new text of the schedule.

Keys are told by their index in `Schedule.keys`. All other keys keep their meaning; the text is written in one form.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.video.schedules.curves import Clip, frames
from pipelines.video.schedules.keyframes import (
    FRAME_MAX,
    Key,
    Schedule,
    parse,
    parse_texts,
    write,
)


def with_value(schedule: Schedule, index: int, value: str) -> str:
    """With another value of this key, whose frame stays as it was written. Raises RequestError."""
    old = _checked(schedule, index)
    new = replace(_fresh(schedule, 0, value), frame=old.frame, at=old.at)
    return write([*schedule.keys[:index], new, *schedule.keys[index + 1 :]])


def with_key(schedule: Schedule, clip: Clip, at: int, value: str) -> str:
    """With this value at this frame, whether a key was there or not. Raises RequestError."""
    placed = frames(schedule, clip)
    if at in placed:
        last = len(placed) - 1 - placed[::-1].index(at)
        return with_value(schedule, last, value)
    return write(_inserted(list(zip(placed, schedule.keys, strict=True)), at, value, schedule))


def moved(schedule: Schedule, clip: Clip, index: int, at: int) -> str:
    """With this key at another frame; what stood there is replaced by it. Raises RequestError."""
    key = _checked(schedule, index)
    placed = zip(frames(schedule, clip), schedule.keys, strict=True)
    others = [(frame, other) for frame, other in placed if other is not key and frame != at]
    return write(_inserted(others, at, key.value, schedule))


def without(schedule: Schedule, index: int) -> str:
    """Without this key. Raises RequestError for the only one."""
    key = _checked(schedule, index)
    if len(schedule.keys) == 1:
        why = "has no other key"
        raise RequestError(schedule.field, schedule.text, why, "Change its value instead.")
    return write(other for other in schedule.keys if other is not key)


def _inserted(others: list[tuple[int, Key]], at: int, value: str, schedule: Schedule) -> list[Key]:
    """The keys with a new one before the first of them that comes later."""
    new = _fresh(schedule, at, value)
    index = next((i for i, (frame, _) in enumerate(others) if frame > at), len(others))
    keys = [key for _, key in others]
    return [*keys[:index], new, *keys[index:]]


def _fresh(schedule: Schedule, at: int, value: str) -> Key:
    within(f"{schedule.field}.frame", at, (0, FRAME_MAX - 1))
    quote = "'" if '"' in value else '"'
    if schedule.holds_texts:
        keys = parse_texts(f"{at}: ({quote}{value}{quote})", schedule.field).keys
    else:
        keys = parse(f"{at}: ({value})", schedule.field).keys
    if len(keys) > 1:
        raise RequestError(schedule.field, value, "is more than one value", "Write one.")
    return keys[0]


def _checked(schedule: Schedule, index: int) -> Key:
    within(f"{schedule.field}.key", index, (0, len(schedule.keys) - 1))
    return schedule.keys[index]
