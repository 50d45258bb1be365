"""Footage: the frames of a movie from any of them on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pipelines.video.media.reading import Frame
from pipelines.video.modes.spans import Footage


def frames_from(footage: Footage, first: int) -> Iterator[tuple[int, Frame]]:
    """(number in the part, frame) from this number on."""
    looked = footage.looked
    left = looked.frames - first
    if left <= 0:
        return
    every = footage.span.every
    frames = footage.source.frames_from(looked.pts[first], (left - 1) * every + 1)
    wanted = islice(frames, 0, None, every)
    for number, frame in zip(range(first, looked.frames), wanted, strict=False):
        # The times are those that were seen at first, so that a file is never without one.
        yield number, Frame(frame.pixels, looked.pts[number], looked.durations[number])
