"""Deflickering: light and texture that change by chance from frame to frame are held still. Needs no model.

First the light: where things are followed, the soft difference between the frame before and this one is taken back.
Then the recursive blend does the same for the texture. A lasting change of the light gets through, 1 / (1 − light)
frames late.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.fields import within
from pipelines.video.steady.blending import Blended, drawn, kept
from pipelines.video.steady.flow import Floats, Motion, Pixels, motions
from pipelines.video.steady.recolouring import smaller, spread
from pipelines.video.steady.warping import stretched, warped

TINY = 1e-6
LIGHT_REACH = 0.12  # share of the longer side within which the light changes alike


@dataclass(frozen=True)
class Deflicker:
    """How much is kept of what was, 0…0.98: of the `light` and of the `texture`. Raises RequestError."""

    light: float = 0.9
    texture: float = 0.5
    quality: str = "medium"

    def __post_init__(self) -> None:
        within("light", self.light, (0.0, 0.98))
        within("texture", self.texture, (0.0, 0.98))


def deflickered(before: Blended | None, source: Pixels, settings: Deflicker) -> Blended:
    """The next frame, (h, w, 3); `before` is None for the first of a shot. Raises RequestError for two sizes."""
    values = source.astype(np.float32)
    if before is None:
        return kept(source, values)
    motion = stretched(motions(source, before.source, settings.quality)[0], source.shape[:2])
    lit = values + np.float32(settings.light) * _missing(
        values, warped(before.values, motion), motion
    )
    return kept(source, drawn(lit, before.values, motion, settings.texture))


def _missing(values: Floats, before: Floats, motion: Motion) -> Floats:
    """The light that the frame before had more, (h, w, 3) levels, as it is where things are followed."""
    more = smaller((before - values) * motion.confidence[..., None])
    share = smaller(motion.confidence)
    soft = spread(more / (share[..., None] + np.float32(TINY)), share, LIGHT_REACH)
    return np.asarray(cv2.resize(soft, values.shape[1::-1]), np.float32)
