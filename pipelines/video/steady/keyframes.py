"""Keyframes: which frames are styled by the model, planned from what was measured; the others follow from these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipelines.fields import within
from pipelines.video.steady.flow import Motion

SPACING_BOUNDS = (1, 24)  # frames from one keyframe to the next
TRUST_MIN = 0.5  # of one step, below which a frame cannot be made from its neighbour
TRUST_KEPT = 0.5  # of all steps since the last keyframe together
TRAVEL_MAX_SHARE = 0.06  # of the frame's width in one step; the flow is not found beyond


@dataclass(frozen=True)
class Measured:
    """A frame: whether a shot begins with it, and what the motion to the frame before is like.

    `trust`: how far it is trusted, 0…1; `travel_share`: how far the faster tenth of the picture moves, as a share of
    its width.
    """

    is_cut: bool
    trust: float = 1.0
    travel_share: float = 0.0


@dataclass(frozen=True)
class Stretch:
    """Frames `first`…`last` of one shot, both included: `first` is a keyframe, `last` is one if `is_closed`."""

    first: int
    last: int
    is_closed: bool


def measured(motion: Motion, *, is_cut: bool) -> Measured:
    """What the motion from a frame to the one before says of it."""
    return Measured(is_cut, motion.trust, motion.travel_px(1))


def keyframes(frames: Iterable[Measured], spacing: int = 12) -> list[int]:
    """The numbers of the frames to style, ascending, frame 0 first.

    Those are the first of each shot, then each after `spacing` frames, and sooner where too much has moved or come
    into view. The last of a shot is one too if more than half a spacing lies before it, so that few frames have a
    keyframe on one side only. Raises RequestError for a spacing outside 1…24.
    """
    within("spacing", spacing, SPACING_BOUNDS, "frames")
    keys: list[int] = []
    number, kept = -1, 1.0
    for number, frame in enumerate(frames):
        is_new_shot = frame.is_cut or not keys
        if is_new_shot and keys and number - 1 - keys[-1] > spacing / 2:
            keys.append(number - 1)
        kept *= frame.trust
        is_lost = frame.travel_share > TRAVEL_MAX_SHARE or frame.trust < TRUST_MIN
        if is_new_shot or is_lost or kept < TRUST_KEPT or number - keys[-1] >= spacing:
            keys.append(number)
            kept = 1.0
    if keys and number - keys[-1] > spacing / 2:
        keys.append(number)
    return keys


def stretches(keys: Sequence[int], cuts: Iterable[int], count: int) -> Iterator[Stretch]:
    """All frames 0…count − 1 in parts that are made by themselves, none of which reaches across a cut.

    A keyframe is the last frame of one part and the first of the next; a shot's end without one leaves its part open.
    """
    starts = set(cuts)
    for key, following in pairwise([*keys, count]):
        is_closed = following < count and following not in starts
        yield Stretch(key, following if is_closed else following - 1, is_closed)
