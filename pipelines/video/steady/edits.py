"""Edits: what was changed in one frame is changed in its neighbours too, moved with the thing that it was done to.

The difference is carried, not the picture: what was left alone stays to the bit, and each frame keeps its own grain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.fields import within
from pipelines.video.steady.flow import Motion, Pixels, chained, motions, vouched
from pipelines.video.steady.warping import rounded, stretched, warped

FADED_SHARE = 1 / 3  # of the frames that an edit reaches, over which it goes out


@dataclass(frozen=True)
class Reach:
    """`frames`: how many neighbours on one side, 1…10,000; over the last third of them the edit fades. RequestError."""

    frames: int = 12
    quality: str = "medium"

    def __post_init__(self) -> None:
        within("frames", self.frames, (1, 10_000))


@dataclass(frozen=True)
class Carried:
    """An edit under way. `change`: (h, w, 3) int16, edited − original.

    `first`, `guide`: the source of the edited frame and of the last one reached; `motion` leads from the latter to
    the former; `steps`: frames between them.
    """

    change: NDArray[np.int16]
    first: Pixels
    guide: Pixels
    motion: Motion
    steps: int = 0


def begun(guide: Pixels, original: Pixels, edited: Pixels) -> Carried:
    """`guide`: the source of the frame, in which motion is seen; for a movie as it was filmed, the original itself."""
    change = edited.astype(np.int16) - original.astype(np.int16)
    size = guide.shape[:2]
    still = Motion(np.zeros((*size, 2), np.float32), np.ones(size, np.float32))
    return Carried(change, guide, guide, still)


def onward(before: Carried, guide: Pixels, frame: Pixels, reach: Reach) -> tuple[Carried, Pixels]:
    """The next neighbour, after or before, with the edit in it. Past `reach`, the frame as it is.

    The caller stops at the shot's end. Raises RequestError for frames of two sizes.
    """
    steps = before.steps + 1
    step = motions(guide, before.guide, reach.quality)[0]
    motion = chained(step, before.motion)
    after = Carried(before.change, before.first, guide, motion, steps)
    share = np.clip((reach.frames + 1 - steps) / (FADED_SHARE * reach.frames + 1), 0, 1)
    seen = stretched(vouched(motion, guide, before.first), frame.shape[:2])
    weight = np.float32(share) * seen.confidence[..., None]
    return after, rounded(frame + weight * warped(before.change, seen))
