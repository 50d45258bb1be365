"""Warp: a frame as it is seen through a matrix or a dense map, sampled once however many moves lie between.

Sampled is with Lanczos' kernel over 8×8 pixels (Duchon 1979). A move of some frames that is sampled frame by frame
from the frame before loses detail each time; so the matrices of the moves are multiplied, and the last diffused frame
is seen through their product.
"""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.motion.camera import Matrix, Size, magnification

Frame = NDArray[np.uint8]
Map = NDArray[np.float32]
Places = NDArray[np.float64]
Border = Literal["replicate", "wrap", "reflect"]

BORDERS: dict[Border, int] = {  # what is seen beyond the frame
    "replicate": cv2.BORDER_REPLICATE,
    "wrap": cv2.BORDER_WRAP,
    "reflect": cv2.BORDER_REFLECT,
}
FARTHEST_PX = 16_000  # OpenCV holds places in 16 bits
MAGNIFICATION_MIN = 2 / 3  # below it pixels would be passed over
NEAREST = 1e-3  # of the camera's distance; what is nearer or behind it is seen as if it were there


def warp(frame: Frame, matrix: Matrix, border: Border) -> Frame:
    """The frame through a matrix as `camera` makes them; the identity gives the same bits."""
    size = (frame.shape[1], frame.shape[0])
    scale = magnification(matrix, size)
    source = frame
    if scale < MAGNIFICATION_MIN:
        source, matrix = _shrunk(frame, matrix, scale)
    x, y = lookup(matrix, size)
    return sample(source, (x - 0.5).astype(np.float32), (y - 0.5).astype(np.float32), border)


def lookup(matrix: Matrix, size: Size) -> tuple[Places, Places]:
    """Where each pixel of a frame of `size` looks: x and y of shape (h, w), float64, in the px of matrices."""
    across = np.arange(size[0]) + 0.5
    down = np.arange(size[1])[:, None] + 0.5
    x, y, w = (row[0] * across + (row[1] * down + row[2]) for row in matrix)
    w = np.maximum(w, NEAREST)
    return x / w, y / w


def sample(frame: Frame, map_x: Map, map_y: Map, border: Border) -> Frame:
    """What the frame shows at the places of two maps of shape (h, w), float32 and finite, in the frame's pixels.

    Unlike in matrices, places are counted from the centre of the first pixel, as cv2.remap and optical flow do it:
    whole numbers are the pixels themselves.
    """
    height, width = frame.shape[:2]
    x, y = _folded(map_x, width, border), _folded(map_y, height, border)
    return np.asarray(
        cv2.remap(frame, x, y, cv2.INTER_LANCZOS4, borderMode=BORDERS[border]), np.uint8
    )


def _shrunk(frame: Frame, matrix: Matrix, scale: float) -> tuple[Frame, Matrix]:
    """A frame so small that no pixel of it is passed over, and the matrix into it."""
    height, width = frame.shape[:2]
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    shrunk = np.asarray(cv2.resize(frame, small, interpolation=cv2.INTER_AREA), np.uint8)
    return shrunk, np.diag([small[0] / width, small[1] / height, 1.0]) @ matrix


def _folded(places: Map, length_px: int, border: Border) -> Any:
    """The places, those beyond what OpenCV can count to replaced by others that show the same."""
    if float(np.abs(places).max()) < FARTHEST_PX:
        return places
    if border == "replicate":
        return np.clip(places, -FARTHEST_PX, FARTHEST_PX)
    return np.remainder(places, 2 * length_px)  # twice: a mirrored picture repeats after two
