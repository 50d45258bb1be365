"""Measures: how steady a movie is, without learned weights, and whether it paid for that with its detail."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.video.steady.flow import Floats, Motion, Pixels
from pipelines.video.steady.warping import stretched, warped

TRUSTED = 0.5  # confidence from which on a pixel counts
WARP_ERROR_HALVING = 0.012  # excess of the warp error that halves the score
FLICKER_HALVING = 0.008  # and of the flicker index
TINY = 1e-6


def warp_error(before: Pixels, after: Pixels, motion: Motion) -> float:
    """Mean |before, moved − after| / 255 where the motion, which leads from after to before, is trusted; 0 if nowhere.

    As in Lai et al., "Learning Blind Video Temporal Consistency", ECCV 2018, with absolute differences.
    """
    is_trusted = stretched(motion, after.shape[:2]).confidence > TRUSTED
    if not is_trusted.any():
        return 0.0
    differences = np.abs(warped(before, motion) - after.astype(np.float32))[is_trusted]
    return float(differences.mean()) / 255


def mean_luma(frame: Pixels) -> float:
    """0…255, by the weights of BT.601."""
    return float(frame.mean(axis=(0, 1)) @ np.array([0.299, 0.587, 0.114]))


def flicker_index(lumas: Iterable[float]) -> float:
    """Mean |second difference| of the mean lumas of consecutive frames, / 255; 0 for less than three.

    Steady changes of the light do not count, and neither does flicker of the texture: that is the warp error's.
    """
    values = np.fromiter(lumas, np.float64)
    return float(np.abs(np.diff(values, 2)).mean()) / 255 if len(values) > 2 else 0.0


def detail_ratio(frame: Pixels, reference: Pixels) -> float:
    """Deviation of the Laplacian, as a share of the reference's: below 1 where detail was blurred away."""
    return _detail(frame) / max(_detail(reference), TINY)


@dataclass(frozen=True)
class Drift:
    """`colour_levels`: the largest difference of a mean colour; `gradient_ratio`: energy of the edges, 1 when kept."""

    colour_levels: float
    gradient_ratio: float


def drift(first: Pixels, last: Pixels) -> Drift:
    """How far frame N has come away from frame 1, for clips that should not: feedback loops, still scenes."""
    colours = np.abs(first.mean(axis=(0, 1)) - last.mean(axis=(0, 1)))
    return Drift(float(colours.max()), _gradients(last) / max(_gradients(first), TINY))


def loop_seam_ratio(frames: Iterable[Pixels]) -> float:
    """|first − last| as a multiple of the median step between neighbours: about 1 when the loop has no seam.

    0 for a still clip or less than three frames.
    """
    steps: list[float] = []
    first = last = None
    for frame in frames:
        if last is None:
            first = frame
        else:
            steps.append(_step(last, frame))
        last = frame
    if first is None or last is None or len(steps) < 2:
        return 0.0
    return _step(last, first) / max(float(np.median(steps)), TINY)


@dataclass(frozen=True)
class Consistency:
    """A running measure of a movie: sums over its frames so far.

    `excess`: of the warp errors of `steps` steps beyond those of the source; `flicker`: of the second differences of
    the luma at `bends` frames beyond those of the source, both / 255. `luma_before`, `source_luma_before`: of the
    frame before the last one; NaN where a shot has just begun.
    """

    steps: int = 0
    excess: float = 0.0
    bends: int = 0
    flicker: float = 0.0
    luma_before: float = math.nan
    source_luma_before: float = math.nan

    @property
    def score(self) -> float:
        """0…100: 100 · ½^(mean excess / WARP_ERROR_HALVING + mean flicker / FLICKER_HALVING).

        100 is as steady as the source itself, above 70 looks steady, below 20 each frame looks made anew. What the
        source has of its own does not count: grain, errors of the flow, lightning.
        """
        excess = self.excess / max(self.steps, 1) / WARP_ERROR_HALVING
        flicker = self.flicker / max(self.bends, 1) / FLICKER_HALVING
        return float(100 * 0.5 ** (excess + flicker))


@dataclass(frozen=True)
class Step:
    """Two neighbours of one shot: source and result of the one before and of this one, (h, w, 3) uint8."""

    source_before: Pixels
    source: Pixels
    before: Pixels
    frame: Pixels


def watched(so_far: Consistency, step: Step, motion: Motion) -> Consistency:
    """The measure with one more frame; `motion` leads from it to the one before. Frames are looked at in its size."""
    source_before, source, before, frame = (
        _reduced(picture, motion)
        for picture in (step.source_before, step.source, step.before, step.frame)
    )
    own = warp_error(source_before, source, motion)
    excess = max(0.0, warp_error(before, frame, motion) - own)
    luma, source_luma = mean_luma(before), mean_luma(source_before)
    bend = abs(mean_luma(frame) - 2 * luma + so_far.luma_before)
    own_bend = abs(mean_luma(source) - 2 * source_luma + so_far.source_luma_before)
    is_known = not math.isnan(bend)
    return Consistency(
        so_far.steps + 1,
        so_far.excess + excess,
        so_far.bends + is_known,
        so_far.flicker + (max(0.0, bend - own_bend) / 255 if is_known else 0.0),
        luma,
        source_luma,
    )


def cut(so_far: Consistency) -> Consistency:
    """The measure before the first step of a new shot: nothing is compared across."""
    return replace(so_far, luma_before=math.nan, source_luma_before=math.nan)


def _reduced(picture: Pixels, motion: Motion) -> Pixels:
    size = motion.confidence.shape[::-1]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _detail(frame: Pixels) -> float:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())


def _gradients(frame: Pixels) -> float:
    grey: Floats = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    down, across = np.gradient(grey)
    return float(np.square(down).mean() + np.square(across).mean())


def _step(one: Pixels, other: Pixels) -> float:
    return float(cv2.absdiff(one, other).mean())
