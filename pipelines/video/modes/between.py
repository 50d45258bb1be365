"""Between: a frame between two drawn ones is both of them, seen from where the camera is then, blended.

Each is sampled once from its own pixels. Where one of them shows nothing, since the camera looks past its edge, the
other counts alone.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from pipelines.video.modes.course import Levels
from pipelines.video.motion.camera import Matrix, Size
from pipelines.video.motion.warp import Border, lookup, warp

FEATHER = 0.03  # of the shorter side: over so much an edge fades
LEAST = 1e-3  # so much each counts where both show nothing


def between(
    earlier: tuple[Levels, Matrix], later: tuple[Levels, Matrix], share: float, border: Border
) -> Levels:
    """`share` 0…1 of the later one; each is a frame (h, w, 3) and the matrix from the camera's places into it."""
    if share <= 0 or share >= 1:
        frame, matrix = later if share >= 1 else earlier
        return warp(frame, matrix, border)
    height, width = earlier[0].shape[:2]
    one, two = (warp(frame, matrix, border) for frame, matrix in (earlier, later))
    weight_one = (1 - share) * _shown(earlier[1], (width, height))
    weight_two = share * _shown(later[1], (width, height))
    part = (weight_two / (weight_one + weight_two))[..., None]
    mixed = one + part * (two.astype(np.float32) - one)
    return np.asarray(np.round(mixed), np.uint8)


def _shown(matrix: Matrix, size: Size) -> np.ndarray[Any, np.dtype[np.float32]]:
    """1 where the matrix looks into the frame, towards 0 where it looks past an edge; (height, width)."""
    x, y = lookup(matrix, size)
    inside = np.minimum.reduce([x, size[0] - x, y, size[1] - y])
    feather_px = max(1.0, FEATHER * min(size))
    # Half a pixel: the centre of the outermost one is inside.
    shown = np.clip((inside + 0.5) / feather_px, 0, 1).astype(np.float32)
    return np.asarray(np.maximum(cv2.GaussianBlur(shown, (0, 0), feather_px / 4), LEAST))
