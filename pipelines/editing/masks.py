"""Masks as levels: (height, width) uint8, 255 where a picture changes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image

from pipelines.editing.source import Region

Levels = np.ndarray[Any, np.dtype[np.uint8]]
OPAQUE_FROM = 128  # an alpha above it marks, as in AUTOMATIC1111
KERNEL_SIGMAS = 2.5  # the kernel of the blur reaches so many of them to each side, as there


def levels_of(picture: Image.Image, *, is_inverted: bool = False) -> Levels:
    """How white a mask picture is; in one with transparency what is opaque is marked, whatever its colour."""
    alpha = picture.getchannel("A") if "A" in picture.getbands() else None
    if alpha is not None and alpha.getextrema() != (255, 255):
        levels = np.where(np.asarray(alpha) > OPAQUE_FROM, 255, 0).astype(np.uint8)
    else:
        levels = np.asarray(picture.convert("L"))
    return 255 - levels if is_inverted else levels


def softened(mask: Levels, sigma_px: float) -> Levels:
    """Blurred by a Gaussian; with 0 it stays as it is."""
    if sigma_px <= 0:
        return mask
    side = 2 * int(KERNEL_SIGMAS * sigma_px + 0.5) + 1
    return np.asarray(cv2.GaussianBlur(mask, (side, side), sigma_px), np.uint8)


def bounds(mask: Levels) -> Region | None:
    """The smallest rectangle that holds all that is marked; None when nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return Region(
        left=int(columns[0]), top=int(rows[0]), right=int(columns[-1]) + 1, bottom=int(rows[-1]) + 1
    )
