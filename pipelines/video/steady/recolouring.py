"""Recolouring: the colours of a style, learnt from one styled frame, for places that no styled frame shows.

The map is a quadratic polynomial of red, green and blue, fitted by least squares: coarse, but smooth and without
seams, and the detail stays that of the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.steady.flow import Floats, Pixels

FITTED_PX = 96  # side of the copies that the map is fitted on
RIDGE = 1e-3  # keeps the fit finite for frames of few colours
SPREAD_PX = 120  # longer side of the copy in which colours are spread
FAR = 4  # times the reach, from where colours come if there are none nearer
FAR_SHARE = 1e-3
TINY = 1e-6


@dataclass(frozen=True)
class Recolouring:
    """`terms`: (10, 3), what each term of the polynomial adds to each colour, all in 0…1."""

    terms: NDArray[np.float64]

    def __call__(self, colours: NDArray[Any]) -> Floats:
        """(…, 3) levels of the source → (…, 3) levels of the style."""
        flat = _terms(colours.reshape(-1, 3))
        return (255 * flat @ self.terms.astype(np.float32)).reshape(colours.shape)


def recolouring(source: Pixels, styled: Pixels) -> Recolouring:
    """The map that makes the source's colours most alike those that it was styled in; both (h, w, 3)."""
    small = [
        cv2.resize(frame, (FITTED_PX, FITTED_PX), interpolation=cv2.INTER_AREA).reshape(-1, 3)
        for frame in (source, styled)
    ]
    terms = _terms(small[0]).astype(np.float64)
    normal = terms.T @ terms + RIDGE * len(terms) * np.eye(terms.shape[1])
    # Drawn to "no change" rather than to black where the frame says little.
    change = (small[1].astype(np.float64) - small[0]) / 255
    solved = np.linalg.solve(normal, terms.T @ change)
    solved[1:4] += np.eye(3)
    return Recolouring(np.asarray(solved, np.float64))


def spread(values: Floats, shares: Floats, reach: float, doubt: float = TINY) -> Floats:
    """Soft means of the values (h, w, 3) where the shares (h, w) are high, going on into where they are 0.

    `reach`: deviation of the mean's Gaussian, as a share of the longer side; `doubt`: share below which it goes to 0.
    The result is smooth, so that a small copy of the values does; it has their size.
    """
    sigma_px = reach * max(shares.shape)
    known = np.dstack([values * shares[..., None], shares])
    far = cv2.GaussianBlur(known, (0, 0), FAR * sigma_px)
    soft = cv2.GaussianBlur(known, (0, 0), sigma_px) + np.float32(FAR_SHARE) * far
    return np.asarray(soft[..., :3] / (soft[..., 3:] + np.float32(doubt)), np.float32)


def smaller(values: Floats) -> Floats:
    """A copy for `spread`, (h, w) or (h, w, 3)."""
    height, width = values.shape[:2]
    factor = min(1.0, SPREAD_PX / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _terms(colours: NDArray[Any]) -> Floats:
    red, green, blue = (colours.astype(np.float32) / 255).T
    one = np.ones_like(red)
    squares = [red * red, green * green, blue * blue, red * green, red * blue, green * blue]
    return np.stack([one, red, green, blue, *squares], axis=-1)
