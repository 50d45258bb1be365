"""Footage: the frames of a movie from any of them on, and the state of a filter as arrays that can be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pipelines.video.media.reading import Frame
from pipelines.video.modes.spans import Footage
from pipelines.video.shooting.course import Arrays
from pipelines.video.steady.blending import Blended


def frames_from(footage: Footage, first: int) -> Iterator[tuple[int, Frame]]:
    """(number in the part, frame) from this number on."""
    looked = footage.looked
    left = looked.frames - first
    if left <= 0:
        return
    frames = footage.source.frames_from(looked.pts[first], left)
    for number, frame in zip(range(first, looked.frames), frames, strict=False):
        # The times are those that were seen at first, so that a file is never without one.
        yield number, Frame(frame.pixels, looked.pts[number], looked.durations[number])


def stored(state: Blended) -> Arrays:
    return {"source": state.source, "result": state.result}


def restored(carried: Mapping[str, np.ndarray[Any, Any]]) -> Blended | None:
    return Blended(carried["source"], carried["result"]) if carried else None
