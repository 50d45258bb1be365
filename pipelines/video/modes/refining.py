"""Refining: the model draws over some frames of a photo that moves, where it moves; the others follow from these.

The drawn frames stand evenly on the loop, and the first of them follows the last one, so that the loop stays without a
seam. What the model has changed is laid onto the frame, so that one that is larger than what is drawn stays sharp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, overload

import cv2
import numpy as np

from pipelines.editing.masks import softened
from pipelines.fields import one, within
from pipelines.request import Request
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Reel, Shot
from pipelines.video.modes.mode import Ground
from pipelines.video.modes.sizing import Size, fitted, sized
from pipelines.video.photo.loop import Loop
from pipelines.video.photo.plan import Parallax, Plan
from pipelines.video.steady.compositing import composited
from pipelines.video.steady.keyframes import SPACING_BOUNDS
from pipelines.video.steady.propagating import propagated
from pipelines.video.steady.warping import rounded

STRENGTH = (0.0, 1.0)
LARGER = 4  # times the pixels of a checkpoint's usual picture, up to which a photo is drawn over as large as it is
FADE = 0.004  # of the longer side: deviation of the soft edge inside of what moves


@dataclass(frozen=True, kw_only=True)
class Refine:
    """`strength`: how far the model may change what moves; 0: nothing is drawn.

    `spacing`: frames from one that is drawn over to the next, at most.
    """

    strength: float = 0.3
    spacing: int = 12


def read_refine(value: Any) -> Refine | None:
    """None where nothing is to be drawn. Raises RequestError, named e.g. "refine.strength"."""
    refine = one(Refine, value, "refine")
    if refine is None:
        return None
    within("refine.strength", refine.strength, STRENGTH)
    within("refine.spacing", refine.spacing, SPACING_BOUNDS, "frames")
    return refine if refine.strength else None


def sized_like_photo(ground: Ground, photo: Size) -> Request:
    """The request with sides in the proportions of the photo, where they are open."""
    return sized(ground, photo, lambda usual: min(photo[0] * photo[1], LARGER * usual))


def keys_of(frames: int, spacing: int) -> list[int]:
    """The frames of a loop that are drawn over, evenly apart; frame 0 is the first of them."""
    count = -(-frames // spacing)
    return [number * frames // count for number in range(count)]


def where_it_moves(plan: Plan, masks: Sequence[Levels | None], shape: tuple[int, int]) -> Levels:
    """(height, width) of the photo: black where every pixel stays, from there softly to white where it may move."""
    if any(isinstance(effect, Parallax) for effect in plan.effects):
        return np.full(shape, 255, np.uint8)
    moving = np.maximum.reduce([mask for mask in masks if mask is not None])
    return np.minimum(moving, softened(moving, FADE * max(shape)))


class Refining:
    """Any frame can be made from its own part of the loop."""

    def __init__(self, loop: Loop, mask: Levels, shoot: Shoot, line: Line, reel: Reel) -> None:
        """`mask`: see `where_it_moves`."""
        self._loop, self._mask, self._line, self.reel = loop, mask, line, reel
        refine = read_refine(shoot.asked["refine"])
        assert refine is not None
        self._refine, self._drawn_size = refine, shoot.drawn_size
        self._last: tuple[int, Levels] | None = None  # frame of the loop, and its number

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        count = self._loop.frame_count
        parts = pairwise([*keys_of(count, self._refine.spacing), count])
        for start, end in (part for part in parts if part[1] > first):
            for number, made in enumerate(self._part(start, end), start):
                if number >= first:
                    frame = self._frame(number)
                    yield Shot(composited(frame, made, self._mask), number, source=frame)

    def _part(self, start: int, end: int) -> Iterator[Levels]:
        """The frames from one that is drawn over to before the next, which may be the first of the next round."""
        before = self._drawn(start)
        yield before
        frames, after = Frames(self._frame, range(start, end + 1)), self._drawn(end)
        yield from propagated(frames, before, after, keeps_detail=True)

    def _drawn(self, number: int) -> Levels:
        """A frame as the model has changed it."""
        frame = self._frame(number)
        small, mask = (fitted(one, self._drawn_size) for one in (frame, self._mask))
        changes = {"source.strength": self._refine.strength}
        drawn = self._line.draw(number % self._loop.frame_count, changes, lambda: small, mask)
        height, width = frame.shape[:2]
        change = drawn.astype(np.float32) - small
        whole = cv2.resize(change, (width, height), interpolation=cv2.INTER_CUBIC)
        return rounded(np.asarray(frame + whole, np.float32))

    def _frame(self, number: int) -> Levels:
        if self._last is None or self._last[0] != number:
            self._last = number, self._loop.frame(number)
        return self._last[1]


@dataclass(frozen=True)
class Frames(Sequence[Levels]):
    """Frames that are made when they are asked for: 25 of a large photo would fill the memory."""

    make: Callable[[int], Levels]
    numbers: range

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Levels: ...

    @overload
    def __getitem__(self, at: slice) -> Frames: ...

    def __getitem__(self, at: int | slice) -> Levels | Frames:
        if isinstance(at, slice):
            return Frames(self.make, self.numbers[at])
        return self.make(self.numbers[at])
