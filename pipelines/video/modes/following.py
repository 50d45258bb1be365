"""Following: some frames of a movie are drawn, and those between follow from them, moved as the movie moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from pipelines.video.modes.course import Levels, Shot
from pipelines.video.modes.looking import Looked
from pipelines.video.steady.compositing import composited
from pipelines.video.steady.keyframes import stretches
from pipelines.video.steady.propagating import propagated


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame of the movie, at the size of the video. `mask`: (height, width), white where it may change; None: all."""

    number: int
    pts: int
    duration: int
    pixels: Levels
    mask: Levels | None
    is_cut: bool

    def shot(self, made: Levels, carried: Mapping[str, np.ndarray[Any, Any]] | None = None) -> Shot:
        """The frame with what was made of it, where it may change."""
        pixels = made if self.mask is None else composited(self.pixels, made, self.mask)
        times = (self.pts, self.duration, carried or {})
        return Shot(pixels, *times, source=self.pixels, is_cut=self.is_cut)


def followed(
    looked: Looked,
    keys: Sequence[int],
    first: int,
    seen_from: Callable[[int], Iterator[Seen]],
    drawn: Callable[[Seen], Levels],
) -> Iterator[tuple[Seen, Levels]]:
    """Each frame and what was made of it, from number `first` on; of the movie only one part lies in memory.

    `keys`: those that are drawn, ascending, with the first one of each shot; `seen_from`: the frames of the movie from
    a number on; `drawn`: one as the model draws it.
    """
    parts = [one for one in stretches(keys, looked.cuts, looked.frames) if one.last >= first]
    frames = seen_from(parts[0].first) if parts else iter(())
    known: list[Seen] = []  # a closed part ends with the frame that the next one begins with
    for part in parts:
        there = [*known, *islice(frames, part.last + 1 - part.first - len(known))]
        made = _between(there, drawn, is_closed=part.is_closed)
        for seen, pixels in zip(there, made, strict=False):
            if seen.number >= first:
                yield seen, pixels
        known = there[-1:] if part.is_closed else []


def _between(
    there: Sequence[Seen], drawn: Callable[[Seen], Levels], *, is_closed: bool
) -> Iterator[Levels]:
    """The frames of a part; the last one of a closed part is the first one of the next."""
    before = drawn(there[0])
    yield before
    after = drawn(there[-1]) if is_closed else None
    yield from propagated([seen.pixels for seen in there], before, after)
