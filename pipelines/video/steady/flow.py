"""Optical flow: where each pixel of a frame was in another one, and how far that can be trusted.

A flow is always a backward one: a picture sampled at x + flow(x) looks like the frame that x belongs to. It is found
by dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) on a small grey
copy. Whether it holds is asked in two ways: there and back must end where it began (Sundaram et al., "Dense Point
Trajectories by GPU-Accelerated Large Displacement Optical Flow", ECCV 2010), and both places must look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Quality:
    """`preset` of OpenCV's search, and the longer side of the copy that it works on."""

    preset: int
    longest_px: int


QUALITIES = {
    "fast": Quality(cv2.DISOPTICAL_FLOW_PRESET_FAST, 480),
    "medium": Quality(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, 640),
    "fine": Quality(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, 1280),
}
SEARCHED_PX = 64  # the shortest side that is searched: OpenCV crashes on some that are smaller
THERE_AND_BACK = (0.01, 0.5)  # share of the squared lengths, and px², that the way back may miss
ALIKE_LEVELS = (10.0, 30.0)  # difference that is fully trusted, and not at all
NOISE_SIGMA_PX = 1.0  # of the blur that keeps grain from counting as a difference
EDGE_SIGMA_PX = 1.0  # of the soft border between what is trusted and what is not


@dataclass(frozen=True)
class Motion:
    """From each pixel of one frame to the same thing in another.

    `flow`: (h, w, 2), px of this size, x before y; `confidence`: (h, w), 0…1. The size is that of the copy on which
    it was found, which may be smaller than the frames: so it is kept cheaply, and stretched where it is used.
    """

    flow: Floats
    confidence: Floats

    @property
    def trust(self) -> float:
        """The mean confidence, 0…1. Low where things were hidden, cut, or too fast to be followed."""
        return float(self.confidence.mean())

    def travel_px(self, width_px: int) -> float:
        """How far the faster tenth of the picture moves, in px of a frame of that width."""
        sparse = self.flow[::4, ::4].reshape(-1, 2)
        far = np.quantile(np.linalg.norm(sparse, axis=-1), 0.9)
        return float(far) * width_px / int(self.flow.shape[1])


def backward(current: Pixels, previous: Pixels, quality: str = "medium") -> Floats:
    """The flow with which the previous frame, sampled at x + flow(x), gives the current one: (h, w, 2) of a copy.

    Raises RequestError for frames of two sizes or an unknown quality.
    """
    one, other = _copies(current, previous, quality)
    return _searched(_grey(one), _grey(other), quality)


def motions(one: Pixels, other: Pixels, quality: str = "medium") -> tuple[Motion, Motion]:
    """From one frame to the other, and from the other to the one; two searches that vouch for each other.

    Raises RequestError for frames of two sizes or an unknown quality.
    """
    small = _copies(one, other, quality)
    greys = [_grey(copy) for copy in small]
    there = _searched(greys[0], greys[1], quality)
    back = _searched(greys[1], greys[0], quality)
    return (
        Motion(there, _confidence(there, back, small[0], small[1])),
        Motion(back, _confidence(back, there, small[1], small[0])),
    )


def compose(flow_ab: Floats, flow_bc: Floats) -> Floats:
    """From a to c, so that a picture is sampled once for many steps; each sampling would blur it."""
    return flow_ab + carried(flow_bc, flow_ab)


def chained(ab: Motion, bc: Motion) -> Motion:
    """Both steps as one; a pixel is trusted as far as the weaker step."""
    confidence = np.minimum(ab.confidence, carried(bc.confidence, ab.flow))
    return Motion(compose(ab.flow, bc.flow), confidence)


def vouched(motion: Motion, start: Pixels, end: Pixels) -> Motion:
    """A motion over several steps, trusted only as far as the frames at its ends look alike."""
    height, width = motion.confidence.shape
    one, other = (_reduced(frame, (width, height)).astype(np.float32) for frame in (start, end))
    likeness = alike(carried(other, motion.flow), one)
    return Motion(motion.flow, np.minimum(motion.confidence, likeness))


def carried(values: Floats, flow: Floats) -> Floats:
    """Smooth values, (h, w) or (h, w, n) of the flow's size, as they are at the other end of it."""
    across, down = places(flow)
    mode = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.remap(values, across, down, cv2.INTER_LINEAR, borderMode=mode), np.float32
    )


def places(flow: Floats) -> tuple[Floats, Floats]:
    """x + flow(x) as the two maps that cv2.remap takes."""
    height, width = flow.shape[:2]
    across = flow[..., 0] + np.arange(width, dtype=np.float32)
    down = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def alike(one: Floats, other: Floats) -> Floats:
    """How far two pictures agree at each place, 0…1: (h, w). Light that changes everywhere alike does not count."""
    difference = cv2.GaussianBlur(one - other, (0, 0), NOISE_SIGMA_PX)
    difference -= np.median(difference[::4, ::4], axis=(0, 1))
    red, green, blue = cv2.split(np.abs(difference))
    sure, never = ALIKE_LEVELS
    likeness = (never - np.maximum(np.maximum(red, green), blue)) / (never - sure)
    return np.asarray(np.clip(likeness, 0, 1), np.float32)


def _confidence(there: Floats, back: Floats, start: Pixels, end: Pixels) -> Floats:
    height, width = start.shape[:2]
    returned = carried(back, there)
    missed = _squared(there + returned)
    lengths = _squared(there) + _squared(returned)
    across, down = places(there)
    is_inside = (across >= 0) & (across <= width - 1) & (down >= 0) & (down <= height - 1)
    is_back = missed < THERE_AND_BACK[0] * lengths + THERE_AND_BACK[1]
    held = cv2.GaussianBlur(
        cv2.erode((is_back & is_inside).astype(np.float32), np.ones((3, 3), np.uint8)),
        (0, 0),
        EDGE_SIGMA_PX,
    )
    seen = carried(end.astype(np.float32), there)
    return np.asarray(held * alike(seen, start.astype(np.float32)) * is_inside, np.float32)


def _squared(flow: Floats) -> Floats:
    across, down = flow[..., 0], flow[..., 1]
    return across * across + down * down


def _copies(one: Pixels, other: Pixels, quality: str) -> tuple[Pixels, Pixels]:
    if one.shape != other.shape:
        remedy = "Bring all frames to one size first."
        raise RequestError("frame", other.shape, f"is not of the size {one.shape}", remedy)
    if quality not in QUALITIES:
        raise RequestError("quality", quality, "is unknown", f"Use {', '.join(QUALITIES)}.")
    height, width = one.shape[:2]
    factor = min(1.0, QUALITIES[quality].longest_px / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return _reduced(one, size), _reduced(other, size)


def _reduced(frame: Pixels, size: tuple[int, int]) -> Pixels:
    if frame.shape[1::-1] == size:
        return frame
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grey(frame: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)


def _searched(current: Pixels, previous: Pixels, quality: str) -> Floats:
    height, width = current.shape
    more = (max(0, SEARCHED_PX - height), max(0, SEARCHED_PX - width))
    pair: list[Any] = [current, previous]
    if any(more):
        pair = [cv2.copyMakeBorder(p, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE) for p in pair]
    search = cv2.DISOpticalFlow.create(QUALITIES[quality].preset)
    pair.append(None)  # no flow to begin with
    flow = np.asarray(search.calc(*pair), np.float32)
    return np.ascontiguousarray(flow[:height, :width])
