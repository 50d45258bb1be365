"""Reduces a picture to a few clean flat colours, with soft edges between them."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from pipelines.graphics.regions import Regions, regions_of

COLOURS = (2, 24)
COLOURS_DEFAULT = 8
SOFT_PX = 0.5


def flat(picture: Image.Image, colours: int = COLOURS_DEFAULT) -> Image.Image:
    """RGBA, of the same size, of at most so many colours and, along edges, mixtures of neighbours."""
    return painted(regions_of(picture, colours))


def painted(regions: Regions) -> Image.Image:
    """The regions as a picture: each pixel is the mean of its cells, the transparent ones being no colour."""
    fine = regions.pixels().astype(np.float32)
    fine[..., :3] *= fine[..., 3:] / 255
    if regions.scale == 1:  # nothing to take a mean of
        fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), SOFT_PX), np.float32)
    height, width = (side // regions.scale for side in fine.shape[:2])
    means = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    alpha = means[..., 3:]
    colours = means[..., :3] * 255 / np.maximum(alpha, 1e-3)
    return Image.fromarray(np.round(np.dstack([colours, alpha])).clip(0, 255).astype(np.uint8))
