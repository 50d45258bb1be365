"""How much of a border can be seen: the step from pixel to pixel across it, against that in the texture around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tests.editing_lab import Pixels

RINGS_PX = (
    2.0,
    10.0,
)  # distances from the border at which the texture is looked at, on both of its sides


@dataclass(frozen=True)
class Steps:
    """Sums of the steps between neighbouring pixels (mean of the channels, in levels), and how many they are."""

    across: float = 0.0
    across_count: int = 0
    around: float = 0.0
    around_count: int = 0

    def __add__(self, other: Steps) -> Steps:
        return Steps(
            self.across + other.across,
            self.across_count + other.across_count,
            self.around + other.around,
            self.around_count + other.around_count,
        )

    @property
    def step(self) -> float:
        """Across the border, on average."""
        return self.across / max(1, self.across_count)

    @property
    def texture(self) -> float:
        """The same around it."""
        return self.around / max(1, self.around_count)

    @property
    def ratio(self) -> float:
        """1: the border cannot be told from the texture."""
        return self.step / self.texture


def steps(picture: Pixels, inside: np.ndarray[Any, np.dtype[np.bool_]]) -> Steps:
    """Across the border of `inside` (height, width), and in rings parallel to it.

    Only pairs that lie across count in the rings too: those along the direction in which the border is crossed there.
    """
    depth = _depth(inside)
    total = Steps()
    for axis in (0, 1):
        step = np.abs(np.diff(picture.astype(float), axis=axis)).mean(axis=2)
        first, second = _pairs(depth, axis)
        far = np.abs(first + second) / 2
        is_across = (first > 0) != (second > 0)
        is_along_normal = np.abs(second - first) > 0.7
        low, high = RINGS_PX
        is_around = ~is_across & is_along_normal & (far >= low) & (far <= high)
        total += Steps(
            float(step[is_across].sum()),
            int(is_across.sum()),
            float(step[is_around].sum()),
            int(is_around.sum()),
        )
    return total


def _depth(inside: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The distance to the border, positive inside."""
    flags = inside.astype(np.uint8)
    within = cv2.distanceTransform(flags, cv2.DIST_L2, 5)
    beyond = cv2.distanceTransform(1 - flags, cv2.DIST_L2, 5)
    return np.asarray(np.where(inside, within - 0.5, 0.5 - beyond), np.float64)


def _pairs(values: np.ndarray[Any, Any], axis: int) -> tuple[Any, Any]:
    return (values[:-1], values[1:]) if axis == 0 else (values[:, :-1], values[:, 1:])
