"""Camera: how it moves from one frame to the next, as matrices that frames are sampled with.

A matrix here is 3×3 and homogeneous. It maps a place in the new frame to the place in the old frame that is seen
there, so that moves one after the other are multiplied from left to right. Places are in px and lie in a plane, not on
a raster: the frame spans 0…width and 0…height, and the first pixel has its centre at (½, ½).

The numbers mean what they mean in Deforum's 2D mode: first the frame is shifted, then turned and enlarged about a
centre, then tilted. Its centres are half a pixel off, and a tilt there loses the shift; neither is done here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.fields import within

Matrix = NDArray[np.float64]
Size = tuple[int, int]  # width and height in px

MOVE_BOUNDS = {
    "zoom": (0.01, 100.0),
    "angle_degrees": (-3600.0, 3600.0),
    "translation_x_px": (-100_000.0, 100_000.0),
    "translation_y_px": (-100_000.0, 100_000.0),
    "centre_x": (-10.0, 10.0),
    "centre_y": (-10.0, 10.0),
}
TILT_BOUNDS = {
    "theta_degrees": (-3600.0, 3600.0),
    "phi_degrees": (-89.0, 89.0),  # at 90 the frame is seen from its edge
    "gamma_degrees": (-89.0, 89.0),
    "field_of_view_degrees": (1.0, 179.0),
}


@dataclass(frozen=True)
class Tilt:
    """The frame turned in space about its middle (Deforum's perspective flip). Raises RequestError.

    `phi`: about the horizontal axis, above 0 the upper edge goes away; −89…89. `gamma`: about the vertical one, above
    0 the right edge goes away; −89…89. `theta`: in the plane, above 0 clockwise. `field_of_view_degrees`: the angle of
    the frame's diagonal, 1…179; the larger, the stronger the perspective.
    """

    theta_degrees: float = 0.0
    phi_degrees: float = 0.0
    gamma_degrees: float = 0.0
    field_of_view_degrees: float = 53.0

    def __post_init__(self) -> None:
        _check(self, TILT_BOUNDS)


@dataclass(frozen=True)
class Move:
    """What the camera does from one frame to the next. Raises RequestError.

    `zoom`: a factor, above 1 things grow; 0.01…100. `angle_degrees`: above 0 things turn anticlockwise.
    `translation_*_px`: things go right and down. `centre_*`: what stays in place while it is turned and enlarged, as
    shares of width and height.
    """

    zoom: float = 1.0
    angle_degrees: float = 0.0
    translation_x_px: float = 0.0
    translation_y_px: float = 0.0
    centre_x: float = 0.5
    centre_y: float = 0.5
    tilt: Tilt = field(default_factory=Tilt)

    def __post_init__(self) -> None:
        _check(self, MOVE_BOUNDS)


def sampling_matrix(move: Move, size: Size) -> Matrix:
    """Where the places of the new frame lie in the old one; exactly the identity for `Move()`."""
    x, y = move.centre_x * size[0], move.centre_y * size[1]
    turned = _shift(x, y) @ _turned(move) @ _shift(-x, -y)
    shifted = _shift(move.translation_x_px, move.translation_y_px)
    forward = _tilted(move.tilt, size) @ turned @ shifted
    return np.asarray(np.linalg.inv(forward), np.float64)


def compose(moves: Iterable[Move], size: Size) -> Matrix:
    """The moves one after the other, the first one first, as one matrix."""
    return reduce(np.matmul, (sampling_matrix(move, size) for move in moves), np.eye(3))


def resized(matrix: Matrix, old: Size, new: Size) -> Matrix:
    """The same motion for frames of another size, whose places are those of the old ones in proportion."""
    scale = np.diag([new[0] / old[0], new[1] / old[1], 1.0])
    return np.asarray(scale @ matrix @ np.linalg.inv(scale))


def magnification(matrix: Matrix, size: Size) -> float:
    """How many times larger than in the old frame things are in the middle of the new one, as a length."""
    x, y, w = matrix @ (size[0] / 2, size[1] / 2, 1.0)
    across = (matrix[:2, :2] - np.outer((x / w, y / w), matrix[2, :2])) / w
    return float(abs(np.linalg.det(across)) ** -0.5)


def _turned(move: Move) -> Matrix:
    turn = math.radians(move.angle_degrees)
    cosine, sine = move.zoom * math.cos(turn), move.zoom * math.sin(turn)
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float64)


def _tilted(tilt: Tilt, size: Size) -> Matrix:
    """The plane of the frame, turned, as a pinhole camera at (0, 0, distance) before its middle sees it."""
    width, height = size
    half_angle = math.radians(tilt.field_of_view_degrees) / 2
    distance = math.hypot(width, height) / (2 * math.sin(half_angle))
    turn = _turned_in_space(tilt)
    seen = np.eye(3)
    seen[:2, :2] = turn[:2, :2]
    seen[2, :2] = -turn[2, :2] / distance
    return np.asarray(_shift(width / 2, height / 2) @ seen @ _shift(-width / 2, -height / 2))


def _turned_in_space(tilt: Tilt) -> Matrix:
    """The rotation about z (theta), then y (gamma), then x (phi); x points right, y down, z to the camera."""
    axes = np.radians(np.diag([tilt.phi_degrees, tilt.gamma_degrees, tilt.theta_degrees]))
    about_x, about_y, about_z = (cv2.Rodrigues(axis)[0] for axis in axes)
    return np.asarray(about_x @ about_y @ about_z, np.float64)


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _check(row: Any, bounds: dict[str, tuple[float, float]]) -> None:
    for name in (part.name for part in fields(row) if part.name in bounds):
        within(name, getattr(row, name), bounds[name])
