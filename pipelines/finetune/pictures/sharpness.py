"""How blurred a picture is: a sharp one loses most of its differences between neighbours when it is blurred.

Crete et al. 2007, "The blur effect: perception and estimation with a new no-reference perceptual blur metric".
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.retouch.working_size import within_side

SIDE_MAX_PX = 768  # finer blur is not seen at the sizes of training
SMOOTHED_PX = 11
SIDE_MIN_PX = 4 * SMOOTHED_PX  # of less there is nothing to be told
LEVELS_MIN = 6.0  # differences that the noise of a plain ground makes do not count


def blur(pixels: NDArray[np.uint8]) -> float:
    """0 sharp … 1 blurred; 0 too for what has no edges at all. pixels: (height, width, 3), RGB."""
    small = within_side(pixels, SIDE_MAX_PX)
    if min(small.shape[:2]) < SIDE_MIN_PX:
        return 0.0
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return max(_along(grey), _along(np.ascontiguousarray(grey.T)))


def _along(grey: NDArray[np.float32]) -> float:
    smooth = cv2.blur(grey, (SMOOTHED_PX, 1))
    steps, smooth_steps = (np.abs(np.diff(one, axis=1)) for one in (grey, smooth))
    counts = cv2.blur(steps, (SMOOTHED_PX, SMOOTHED_PX)) > LEVELS_MIN / SMOOTHED_PX
    kept = np.minimum(steps, smooth_steps)[counts].sum()
    whole = steps[counts].sum()
    return float(kept / whole) if whole > 0 else 0.0
