"""Pictures that are known at every place, not only at pixels, and how near a frame comes to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scene(x: Floats, y: Floats) -> Floats:
    """Waves from 8 px to 60 px long, at places in px: (h, w, 3), within 0…255."""
    red = np.sin(0.11 * x + 0.5 * np.sin(0.05 * y)) + 0.4 * np.sin(0.6 * x + 0.5 * y)
    green = np.sin(0.13 * y + 0.02 * x) + 0.4 * np.sin(0.7 * y)
    blue = np.sin(0.07 * (x + y)) * np.cos(0.09 * (x - y)) + 0.4 * np.cos(0.5 * x)
    return np.asarray(127.5 + 90 * np.stack([red, green, blue], axis=-1))


def places(width: int, height: int) -> tuple[Floats, Floats]:
    """The centres of the pixels; the first one is at (½, ½)."""
    return tuple(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5))  # type: ignore[return-value]


def through(matrix: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    mapped = np.einsum("ij,jhw->ihw", matrix, np.stack([x, y, np.ones_like(x)]))
    return mapped[0] / mapped[2], mapped[1] / mapped[2]


def as_frame(values: Floats) -> NDArray[np.uint8]:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def drawn(width: int, height: int) -> NDArray[np.uint8]:
    return as_frame(scene(*places(width, height)))


def psnr_db(frame: NDArray[np.uint8], truth: Floats, where: NDArray[np.bool_]) -> float:
    error = (frame[where].astype(float) - np.clip(truth[where], 0, 255)) ** 2
    return float(10 * np.log10(255**2 / error.mean()))


def gradient_energy(frame: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    down, across = np.gradient(frame.astype(float), axis=(0, 1))
    return float((down[where] ** 2 + across[where] ** 2).mean())
