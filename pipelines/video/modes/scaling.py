"""Scaling: frames of a movie in a larger size, by Lanczos' filter, up to 8K."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.errors import RequestError
from pipelines.video.media.movies import PIXELS_MAX
from pipelines.video.modes.course import Levels

SCALE = (1.0, 4.0)

Size = tuple[int, int]  # (width, height) in px


def size_at(size: Size, scale: float) -> Size:
    """So many times as wide and as high, to the next even side; 1 leaves it as it is.

    Raises RequestError for more than 8K.
    """
    if scale == 1:
        return size
    width, height = (2 * round(side * scale / 2) for side in size)
    if width * height > PIXELS_MAX:
        why = f"makes frames of {width:,} × {height:,} px; 8192 × 4320 are the most"
        raise RequestError("settings.scale", scale, why, "Choose a smaller one.")
    return width, height


def enlarged(pixels: Levels, size: Size) -> Levels:
    """(height, width, 3) in this size."""
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
