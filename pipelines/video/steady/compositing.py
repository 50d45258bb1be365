"""Compositing: what was made is put into its source where a mask says so; elsewhere the source stays to the bit."""

from __future__ import annotations

import numpy as np

from pipelines.video.steady.flow import Pixels
from pipelines.video.steady.warping import rounded


def composited(source: Pixels, made: Pixels, mask: Pixels) -> Pixels:
    """(h, w, 3): the source where the mask, (h, w), is 0, what was made where it is 255, between them both."""
    share = mask[..., None] / np.float32(255)
    before = source.astype(np.float32)
    return rounded(before + share * (made - before))
