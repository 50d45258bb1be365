"""Unsharp mask: what a blur takes from a frame is added to it, against the softness that each diffusion adds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.fields import within

Frame = NDArray[np.uint8]

BOUNDS = {
    "kernel_px": (1, 99),
    "sigma_px": (0.0, 100.0),
    "amount": (0.0, 20.0),
    "threshold": (0.0, 255.0),
}


@dataclass(frozen=True)
class Sharpening:
    """How a frame is sharpened; the numbers are those of Deforum's anti-blur. Raises RequestError.

    `kernel_px`: width of the Gauss kernel, odd, 1…99. `sigma_px`: its standard deviation, 0…100; at 0 it follows from
    the width. `amount`: share of the difference that is added, 0…20. `threshold`: levels, 0…255; where the difference
    is less, the pixel stays.
    """

    kernel_px: int = 5
    sigma_px: float = 1.0
    amount: float = 0.1
    threshold: float = 0.0

    def __post_init__(self) -> None:
        for name, bounds in BOUNDS.items():
            within(name, getattr(self, name), bounds)
        if self.kernel_px % 2 == 0:
            remedy = f"Use {self.kernel_px - 1} or {self.kernel_px + 1}."
            raise RequestError("kernel_px", self.kernel_px, "has no pixel in its middle", remedy)


def sharpen(frame: Frame, sharpening: Sharpening) -> Frame:
    """The frame, (h, w, 3), sharpened; the same bits if the amount is 0."""
    if sharpening.amount == 0:
        return frame
    pixels = frame.astype(np.float32)
    kernel = (sharpening.kernel_px, sharpening.kernel_px)
    detail = pixels - np.asarray(cv2.GaussianBlur(pixels, kernel, sharpening.sigma_px))
    if sharpening.threshold > 0:
        detail[np.abs(detail) < sharpening.threshold] = 0
    return np.clip(np.round(pixels + sharpening.amount * detail), 0, 255).astype(np.uint8)
