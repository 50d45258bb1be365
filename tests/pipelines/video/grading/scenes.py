"""Pictures with soft light, hard edges, grain and many hues, and what is measured on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


def street(width: int = 112, height: int = 80, seed: int = 3) -> Frame:
    """An evening sky over houses of many colours, with a little grain: (height, width, 3)."""
    lot = np.random.default_rng(seed)
    down = np.linspace(0, 1, height)[:, None, None]
    picture = (
        (1 - down) * (70, 60, 130) + down * np.array((240, 160, 100)) + np.zeros((1, width, 1))
    )
    for left in range(0, width, width // 8):
        top = height - int(lot.integers(height // 4, height // 2))
        picture[top:, left : left + width // 9] = lot.integers(30, 220, 3)
    return np.clip(np.round(picture + lot.normal(0, 4, picture.shape)), 0, 255).astype(np.uint8)


def mean_drift(frame: Frame, start: Frame) -> float:
    """How far the mean of a channel went at most, in levels."""
    return float(np.abs(frame.mean(axis=(0, 1)) - start.mean(axis=(0, 1))).max())


def gradient_energy(frame: Frame) -> float:
    down, across = np.gradient(frame.astype(float), axis=(0, 1))
    return float((down**2 + across**2).mean())


def warmed(frame: Frame) -> Frame:
    """What a model with a taste makes of a frame: a little more red and less blue."""
    return np.clip(np.round(frame * (1.03, 1.0, 0.98)), 0, 255).astype(np.uint8)
