"""Preview: where the camera goes, shown small and without a model, over a picture or over a grid that never ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.motion.camera import (
    Matrix,
    Move,
    Size,
    magnification,
    resized,
    sampling_matrix,
)
from pipelines.video.motion.warp import Border, Frame, lookup, warp

SIDE_MAX_PX = 256
SPACING_PX = 20.0  # between the finest lines of the grid, at least
LINE_PX = 1.4
GROUND, ACROSS, DOWN = (24, 26, 32), (240, 170, 90), (110, 190, 240)  # RGB
PERIOD_PX = 2.0**16  # far more than the widest lines are apart, and a power of two as they are
MAGNIFICATION_BOUNDS = (
    2.0**-8,
    2.0**12,
)  # beyond them a picture is one colour, or a pattern of dots


@dataclass(frozen=True, eq=False)
class Preview:
    """Any frame of it can be had at any time. `matrices`: (n, 3, 3), from the px of `size` to those of frame 0."""

    matrices: NDArray[np.float64]
    size: Size
    picture: Frame | None
    border: Border

    def frame(self, number: int) -> Frame:
        """Frame 0…n−1, (height, width, 3). Raises IndexError."""
        matrix = self.matrices[number]
        if self.picture is None:
            return _grid(matrix, self.size)
        return warp(self.picture, matrix, self.border)


def preview(
    moves: Sequence[Move], size: Size, border: Border, picture: Frame | None = None
) -> Preview:
    """A preview of frames of `size`, at most 256 px wide and high; of the grid if there is no picture.

    `moves[k]` leads from frame k−1 to frame k; the first one leads nowhere, as frame 0 stands where it is.
    """
    small = _reduced(size)
    steps = [resized(sampling_matrix(move, size), size, small) for move in moves[1:]]
    way, settle = [np.eye(3)], _held if picture is not None else _settled
    for step in steps:
        way.append(settle(way[-1], way[-1] @ step, small))
    if picture is not None:
        picture = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
    return Preview(np.stack(way), small, picture, border)


def _reduced(size: Size) -> Size:
    scale = min(1.0, SIDE_MAX_PX / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _held(before: Matrix, matrix: Matrix, size: Size) -> Matrix:
    """The matrix, or the one before it where nothing more would be seen and numbers would run out."""
    low, high = MAGNIFICATION_BOUNDS
    return matrix if low <= magnification(matrix, size) <= high else before


def _settled(_before: Matrix, matrix: Matrix, size: Size) -> Matrix:
    """A matrix of small numbers through which the grid looks the same; a long zoom would run out of digits.

    The grid repeats when it is enlarged by two, and when it is shifted by a period.
    """
    level = np.round(np.log2(magnification(matrix, size)))
    matrix = np.diag([2.0**level, 2.0**level, 1.0]) @ matrix
    x, y, w = matrix @ (size[0] / 2, size[1] / 2, 1.0)
    periods = np.eye(3)
    periods[:2, 2] = -PERIOD_PX * np.round(np.array([x, y]) / w / PERIOD_PX)
    return np.asarray(periods @ matrix)


def _grid(matrix: Matrix, size: Size) -> Frame:
    x, y = lookup(matrix, size)
    colour = np.asarray(GROUND, np.float32)
    picture = np.broadcast_to(colour, (*x.shape, 3))
    for places, line in ((y, DOWN), (x, ACROSS)):
        share = _lines(places)[..., None]
        picture = picture + share * (np.asarray(line, np.float32) - picture)
    return np.round(picture).astype(np.uint8)


def _lines(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each pixel is covered by lines at multiples of powers of two; fine ones fade in with the zoom."""
    slope = np.hypot(*np.gradient(places)) + 1e-12
    level = np.log2(SPACING_PX * slope)
    fine = np.exp2(np.ceil(level))
    faint = np.ceil(level) - level
    lines = np.maximum(faint * _line(places, fine, slope), _line(places, 2 * fine, slope))
    return np.asarray(lines, np.float64)


def _line(
    places: NDArray[np.float64], spacing: NDArray[np.float64], slope: NDArray[np.float64]
) -> NDArray[np.float64]:
    distance = np.abs(places - spacing * np.round(places / spacing)) / slope
    return np.asarray(np.clip((LINE_PX + 1) / 2 - distance, 0, 1))
