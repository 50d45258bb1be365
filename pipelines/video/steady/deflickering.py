"""Deflickering: light and texture that change by chance from frame to frame are held still. Needs no model.

What differs from the frame before, where things are followed, is parted in two: the soft part is light, the rest is
texture. Of each a share is taken back. A lasting change gets through, 1 / (1 − share) frames late.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.fields import within
from pipelines.video.steady.blending import Blended, kept
from pipelines.video.steady.flow import Floats, Motion, Pixels, motions
from pipelines.video.steady.recolouring import smaller, spread
from pipelines.video.steady.warping import stretched, warped

TINY = 1e-6
LIGHT_REACH = 0.12  # share of the longer side within which the light changes alike


@dataclass(frozen=True)
class Deflicker:
    """How much is kept of what was, 0…0.98: of the `light` and of the `texture`. Raises RequestError."""

    light: float = 0.95
    texture: float = 0.5
    quality: str = "medium"

    def __post_init__(self) -> None:
        within("light", self.light, (0.0, 0.98))
        within("texture", self.texture, (0.0, 0.98))


def deflickered(before: Blended | None, source: Pixels, settings: Deflicker) -> Blended:
    """The next frame, (h, w, 3); `before` is None for the first of a shot. Raises RequestError for two sizes."""
    values: Floats = source.astype(np.float32)
    if before is None:
        return kept(source, values)
    motion = stretched(motions(source, before.source, settings.quality)[0], source.shape[:2])
    apart = warped(before.values, motion) - values
    light = _soft(apart, motion)
    # In place, since of 1080p each such picture takes 25 MB: what is left of the differences is texture.
    apart -= light
    apart *= motion.confidence[..., None] * np.float32(settings.texture)
    light *= np.float32(settings.light)
    values += light
    values += apart
    return kept(source, values)


def _soft(apart: Floats, motion: Motion) -> Floats:
    """The soft part of the differences, (h, w, 3) levels, as it is where things are followed."""
    share = smaller(motion.confidence)
    small = smaller(apart * motion.confidence[..., None]) / (share[..., None] + np.float32(TINY))
    soft = spread(small, share, LIGHT_REACH)
    return np.asarray(cv2.resize(soft, apart.shape[1::-1]), np.float32)
