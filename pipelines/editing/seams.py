"""No border is seen where a new piece meets the old picture: its colours are bent to those around it.

A membrane in the sense of Pérez et al. 2003 ("Poisson image editing"): the difference between old and new along the
border, continued inward as smoothly as can be (a harmonic function), is added to the new piece.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

SMALLEST_PX = 4  # a side at which nothing is made coarser
SWEEPS = 24  # of relaxation at each size; the coarser ones have done what is left


def membrane(values: Floats, is_known: Flags) -> Floats:
    """`values`, (height, width, channels), where they are known, and in between the harmonic function that joins them.

    Solved coarse to fine. Where nothing is known at all, it is 0.
    """
    weights = is_known.astype(np.float32)[..., None]
    guess = _coarse(values * weights, weights)
    fixed = np.where(weights > 0, values, guess)
    for _ in range(SWEEPS if is_known.any() and not is_known.all() else 0):
        around = cv2.filter2D(fixed, -1, CROSS, borderType=cv2.BORDER_REFLECT_101)
        fixed = np.where(weights > 0, values, around.reshape(fixed.shape))
    return np.asarray(fixed, np.float32)


CROSS = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)


def _coarse(weighted: Floats, weights: Floats) -> Floats:
    """The membrane of the picture at half its size, at full size again."""
    height, width = weights.shape[:2]
    if min(height, width) <= SMALLEST_PX:
        total = float(weights.sum())
        mean = weighted.sum(axis=(0, 1)) / total if total else np.zeros(weighted.shape[2])
        return np.broadcast_to(mean.astype(np.float32), weighted.shape)
    half = ((width + 1) // 2, (height + 1) // 2)
    small_weights = cv2.resize(weights, half, interpolation=cv2.INTER_AREA)[..., None]
    small = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA)
    small = small.reshape(*small.shape[:2], -1) / np.maximum(small_weights, 1e-6)
    joined = membrane(small.astype(np.float32), small_weights[..., 0] > 0)
    whole = cv2.resize(joined, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole, np.float32).reshape(weighted.shape)
