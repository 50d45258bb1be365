"""Blending: each styled frame is drawn towards the one before it, moved to where its things are now.

out[t] = styled[t] + α · confidence · (out[t − 1] moved − styled[t]), the temporal filter of Bonneel et al. ("Blind
Video Temporal Consistency", 2015) without their Poisson solve: what differs from frame to frame by chance is averaged
out over about 1 / (1 − α) frames, and what moves or is new stays sharp, since nothing is trusted there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.fields import within
from pipelines.video.steady.flow import Floats, Motion, Pixels, motions
from pipelines.video.steady.warping import rounded, stretched, warped

STEPS = 256  # of a level: with whole levels the filter would stop short of where it goes


@dataclass(frozen=True)
class Blend:
    """`strength`: α, 0…0.98, how much is kept of what was; raises RequestError. `quality`: a row of QUALITIES."""

    strength: float = 0.8
    quality: str = "medium"

    def __post_init__(self) -> None:
        within("strength", self.strength, (0.0, 0.98))


@dataclass(frozen=True)
class Blended:
    """The last source frame, (h, w, 3) uint8, and what became of it, in 1 / STEPS of a level, uint16."""

    source: Pixels
    result: NDArray[np.uint16]

    @property
    def frame(self) -> Pixels:
        """What is shown: (h, w, 3) uint8."""
        return rounded(self.values)

    @property
    def values(self) -> Floats:
        """The same with fractions of a level, (h, w, 3)."""
        return self.result.astype(np.float32) / np.float32(STEPS)


def blended(before: Blended | None, source: Pixels, styled: Pixels, blend: Blend) -> Blended:
    """The next frame. `before` is None for the first of a shot: then nothing of what was is seen.

    Source and styled frame have one size, (h, w, 3). Raises RequestError for frames of two sizes.
    """
    if before is None:
        return kept(source, styled.astype(np.float32))
    motion = motions(source, before.source, blend.quality)[0]
    return kept(source, drawn(styled.astype(np.float32), before.values, motion, blend.strength))


def drawn(styled: Floats, before: Floats, motion: Motion, strength: float) -> Floats:
    """One step of the filter, on (h, w, 3); `motion` leads from the styled frame to the one before."""
    share = strength * stretched(motion, styled.shape[:2]).confidence[..., None]
    return styled + share * (warped(before, motion) - styled)


def kept(source: Pixels, values: Floats) -> Blended:
    """The state after a frame that came out with these values, which are cut to 0…255."""
    steps = np.clip(values, 0, 255)
    steps *= np.float32(STEPS)
    return Blended(source, np.rint(steps, out=steps).astype(np.uint16))
