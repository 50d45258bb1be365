"""The few colours of a graphic: k-means in CIE Lab over a histogram, with seeds that are always the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.graphics.ground import Floats, lab_of

BIN_BITS = 5  # a channel; the histogram has at most 32768 bins
ROUNDS = 16
ALIKE = (
    6.0,
    20.0,
)  # Lab units: colours nearer to each other are one; the fewer are asked for, the more are
ALIKE_OF_NONE, ALIKE_A_COLOUR = 26.0, 1.3
NEAR = 9.0  # Lab units
RARE = 0.0012  # of the pixels: no colour of its own
SMALL_BIN = 0.0002  # of the pixels: noise


def find_palette(rgb: NDArray[np.uint8], colours: int) -> NDArray[np.uint8]:
    """(n, 3) RGB, n ≤ `colours`, the commonest first; `rgb`: (pixels, 3), at least one."""
    means, weights = _histogram(rgb)
    labs = _lab(means)
    centres = _seeds(labs, weights, colours)
    for _ in range(ROUNDS):
        centres = _moved(labs, weights, centres)
    alike = float(np.clip(ALIKE_OF_NONE - ALIKE_A_COLOUR * colours, *ALIKE))
    centres, shares = _merged(centres, _shares(labs, weights, centres), alike)
    common = shares >= min(RARE, shares.max())
    order = np.argsort(-shares[common], kind="stable")
    return _typical(means, labs, weights, centres[common][order])


def nearest(labs: Floats, centres: Floats) -> NDArray[np.int64]:
    """The number of the nearest centre; `labs`: (pixels, 3)."""
    return np.asarray(np.argmin(_distances(labs, centres), axis=1), np.int64)


def _histogram(rgb: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """(the mean colour of each bin that counts, its share of the pixels)."""
    parts = rgb.astype(np.int64) >> (8 - BIN_BITS)
    keys = (parts[:, 0] << 2 * BIN_BITS) + (parts[:, 1] << BIN_BITS) + parts[:, 2]
    _, index, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(index, rgb[:, channel]) for channel in range(3)], axis=1)
    kept = counts >= min(SMALL_BIN * len(rgb), counts.max())
    means = sums[kept] / counts[kept, None]
    return means.astype(np.float32), (counts[kept] / counts[kept].sum()).astype(np.float32)


def _lab(means: Floats) -> Floats:
    return np.asarray(lab_of(means[None])[0], np.float32)


def _seeds(labs: Floats, weights: Floats, count: int) -> Floats:
    """The heaviest bin, then again and again the one whose weight and distance to all seeds are largest."""
    chosen = [int(np.argmax(weights))]
    gaps = np.sum((labs - labs[chosen[0]]) ** 2, axis=1)
    while len(chosen) < min(count, len(labs)) and gaps.max() > ALIKE[0] ** 2:
        chosen.append(int(np.argmax(np.sqrt(weights) * gaps)))
        gaps = np.minimum(gaps, np.sum((labs - labs[chosen[-1]]) ** 2, axis=1))
    return labs[chosen]


def _moved(labs: Floats, weights: Floats, centres: Floats) -> Floats:
    owner = nearest(labs, centres)
    totals = np.bincount(owner, weights, len(centres))
    sums = [np.bincount(owner, weights * labs[:, axis], len(centres)) for axis in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(totals, 1e-9)[:, None]
    return np.where(totals[:, None] > 0, means, centres).astype(np.float32)


def _shares(labs: Floats, weights: Floats, centres: Floats) -> Floats:
    return np.bincount(nearest(labs, centres), weights, len(centres)).astype(np.float32)


def _merged(centres: Floats, shares: Floats, alike: float) -> tuple[Floats, Floats]:
    """The nearest two become one until no two are alike."""
    while len(centres) > 1:
        gaps = np.sqrt(_distances(centres, centres))
        np.fill_diagonal(gaps, np.inf)
        one, other = np.unravel_index(int(np.argmin(gaps)), gaps.shape)
        if gaps[one, other] >= alike:
            break
        both = shares[one] + shares[other]
        mean = (shares[one] * centres[one] + shares[other] * centres[other]) / max(both, 1e-9)
        centres = np.vstack([np.delete(centres, [one, other], axis=0), mean])
        shares = np.append(np.delete(shares, [one, other]), both)
    return centres.astype(np.float32), shares.astype(np.float32)


def _typical(means: Floats, labs: Floats, weights: Floats, centres: Floats) -> NDArray[np.uint8]:
    """For each centre the weighted mean RGB of the bins near it, so that stray ones do not dull the colour."""
    squares = _distances(labs, centres)
    owner = np.argmin(squares, axis=1)
    near = weights * np.exp(-squares[np.arange(len(owner)), owner] / (2 * NEAR**2))
    totals = np.maximum(np.bincount(owner, near, len(centres)), 1e-9)
    sums = [np.bincount(owner, near * means[:, axis], len(centres)) for axis in range(3)]
    return np.round(np.stack(sums, axis=1) / totals[:, None]).astype(np.uint8)


def _distances(one: Floats, other: Floats) -> Floats:
    """(len(one), len(other)) squares of distances."""
    return np.asarray(((one[:, None] - other[None]) ** 2).sum(axis=-1), np.float32)
