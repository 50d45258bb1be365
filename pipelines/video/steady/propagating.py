"""Propagation: the frames between two styled keyframes are made from these, moved along the flow of the source.

As in Jamriška et al., "Stylizing Video by Example" (SIGGRAPH 2019), each frame is sought on both sides. The flows of
several steps are composed, and the styled picture is sampled once. Where one side does not show what is there, the
other one does; what neither shows takes the source's detail in the style's colours.

Detail that is sampled from a keyframe is softer the farther that is, and of two it is mixed: it comes and goes. As far
as a style has left its source's detail alone, a frame may keep its own instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from pipelines.errors import RequestError
from pipelines.video.steady.detail import detail_kept
from pipelines.video.steady.flow import Floats, Motion, Pixels, chained, motions, vouched
from pipelines.video.steady.recolouring import recolouring, smaller, spread
from pipelines.video.steady.warping import rounded, stretched, warped

FRAMES_MAX = 25  # both keyframes and what is between them
SHOWN = (
    0.3  # confidence from which on a side shows the place; below, the source's detail takes part
)
FAR = 0.1  # share of what is seen around a hidden place below which its surroundings say nothing
SURROUNDINGS = 0.05  # share of the longer side from which a hidden place has its colours
TINY = 1e-6


@dataclass(frozen=True)
class Key:
    """A keyframe: the source, and what it was styled as; (h, w, 3) uint8 of one size.

    `kept`: (h, w), how far other frames keep their own detail, 0…1; None: not at all.
    """

    source: Pixels
    styled: Pixels
    kept: Floats | None = None


@dataclass(frozen=True)
class Side:
    """What one keyframe tells of a frame: `share` is its weight by distance in time, 0…1."""

    key: Key
    motion: Motion
    share: float


def propagated(
    sources: Sequence[Pixels],
    before: Pixels,
    after: Pixels | None,
    quality: str = "medium",
    *,
    keeps_detail: bool = False,
) -> Iterator[Pixels]:
    """The frames between, in order; with `after` = None, where a shot ends without a keyframe, to the last one.

    `sources`: 1…25 frames of one shot, the first styled as `before`, the last one as `after`. Only these and their
    motions are held. `keeps_detail`: frames keep their own as far as the style has. Raises RequestError for too many
    frames or two sizes.
    """
    if not 1 <= len(sources) <= FRAMES_MAX:
        remedy = f"Put a keyframe at least every {FRAMES_MAX - 1} frames."
        raise RequestError("keyframes", len(sources), f"are not 1 to {FRAMES_MAX} frames", remedy)
    pairs = [motions(later, sooner, quality) for sooner, later in pairwise(sources)]
    first = _key(sources[0], before, keeps_detail)
    behind = _chains([back for back, _ in pairs])
    if after is None:
        for source, motion in zip(sources[1:], behind, strict=True):
            yield _made(source, [Side(first, motion, 1.0)])
        return
    last = _key(sources[-1], after, keeps_detail)
    ahead = list(_chains([there for _, there in reversed(pairs)]))[:-1]
    for number, source in enumerate(sources[1:-1], start=1):
        share = number / (len(sources) - 1)
        sides = [Side(first, next(behind), 1 - share), Side(last, ahead.pop(), share)]
        yield _made(source, sides)


def _key(source: Pixels, styled: Pixels, keeps_detail: bool) -> Key:
    return Key(source, styled, detail_kept(source, styled) if keeps_detail else None)


def _chains(steps: list[Motion]) -> Iterator[Motion]:
    """From each next frame all the way to the first one."""
    whole: Motion | None = None
    for step in steps:
        whole = step if whole is None else chained(step, whole)
        yield whole


def _made(source: Pixels, sides: list[Side]) -> Pixels:
    total: Floats = np.zeros((*source.shape[:2], 1), np.float32)
    mixed: Floats = np.zeros(source.shape, np.float32)
    shown: Floats = np.zeros(source.shape[:2], np.float32)
    for side in sides:
        motion = stretched(vouched(side.motion, source, side.key.source), source.shape[:2])
        weight = np.float32(side.share) * motion.confidence[..., None]
        mixed += weight * _shown(side.key, motion, source)
        total += weight
        shown = np.maximum(shown, motion.confidence)
    mixed /= total + np.float32(TINY)
    return rounded(_filled(mixed, np.clip(shown / SHOWN, 0, 1), source, sides))


def _shown(key: Key, motion: Motion, source: Pixels) -> Floats:
    """What a keyframe shows of a frame."""
    styled = warped(key.styled, motion)
    if key.kept is None:
        return styled
    kept = np.clip(warped(key.kept, motion), 0, 1)[..., None]
    return np.asarray(styled + kept * (source - warped(key.source, motion)), np.float32)


def _filled(mixed: Floats, shown: Floats, source: Pixels, sides: list[Side]) -> Floats:
    """Where little is shown: the source in the colours of the nearer keyframe, set off as its surroundings are."""
    is_hidden = shown < 1
    if not is_hidden.any():
        return mixed
    key = max(sides, key=lambda side: side.share).key
    recoloured = recolouring(key.source, key.styled)
    weight = smaller(shown)
    seen = smaller(mixed * shown[..., None]) / (weight[..., None] + TINY)
    offset = spread(
        seen - recoloured(smaller(source.astype(np.float32))), weight, SURROUNDINGS, FAR
    )
    wide = cv2.resize(offset, shown.shape[::-1], interpolation=cv2.INTER_LINEAR)
    share = shown[is_hidden][:, None]
    made = recoloured(source[is_hidden]) + wide[is_hidden]
    mixed[is_hidden] = share * mixed[is_hidden] + (1 - share) * made
    return mixed
