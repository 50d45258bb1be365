"""Pictures as arrays, and the smaller size in which a large one is looked at. Pure."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def rgb_pixels(picture: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3), uint8; what is transparent keeps its colour."""
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def reduced(pixels: NDArray[np.uint8], pixels_max: int) -> NDArray[np.uint8]:
    """The picture itself, or its mean over areas with about `pixels_max` pixels: (height, width, …), uint8."""
    height, width = pixels.shape[:2]
    if height * width <= pixels_max:
        return pixels
    return _scaled(pixels, math.sqrt(pixels_max / (height * width)))


def within_side(pixels: NDArray[np.uint8], side_max: int) -> NDArray[np.uint8]:
    """The picture itself, or its mean over areas so that no side is longer than `side_max` pixels."""
    share = side_max / max(pixels.shape[:2])
    return pixels if share >= 1 else _scaled(pixels, share)


def _scaled(pixels: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
