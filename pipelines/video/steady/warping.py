"""Warping: a picture is brought to where its things are in another frame, sampled once and sharply."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.steady.flow import Floats, Motion, Pixels, places


def warped(picture: NDArray[Any], motion: Motion) -> Floats:
    """What the picture shows, where the motion's frame has it: (h, w, n) in the picture's levels, not rounded.

    Sampled by Lanczos' kernel (8 × 8 px), beyond the border by what is at the border.
    """
    across, down = places(stretched(motion, picture.shape[:2]).flow)
    values = picture.astype(np.float32, copy=False)
    return np.asarray(
        cv2.remap(values, across, down, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def stretched(motion: Motion, size: tuple[int, ...]) -> Motion:
    """The motion for frames of (height, width); its lengths grow with it."""
    height, width = size
    old_height, old_width = motion.confidence.shape
    if (old_height, old_width) == (height, width):
        return motion
    flow = cv2.resize(motion.flow, (width, height), interpolation=cv2.INTER_LINEAR)
    flow = flow * np.array([width / old_width, height / old_height], np.float32)
    return Motion(np.asarray(flow, np.float32), _resized(motion.confidence, (width, height)))


def rounded(picture: Floats) -> Pixels:
    """To whole levels, 0…255."""
    return np.ascontiguousarray(np.clip(np.rint(picture), 0, 255), np.uint8)


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)
