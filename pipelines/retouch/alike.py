"""Where else a picture looks alike: for every patch of a hole the patch outside that resembles it most.

PatchMatch (Barnes et al. 2009), with all patches of a round at once: what fits a neighbour is tried one pixel further
on, then sources drawn by lot round the best one, ever nearer. Patches are compared by their coarser waves (DCT-II),
more of brightness than of colour, which are cheaper to fetch than all of their pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]  # (count, 2): row and column

REACH = 3  # patches of 7 × 7 pixels
SIDE = 2 * REACH + 1
ORDERS = (4, 1, 1)  # of the waves in Y, Cr and Cb
EXHAUSTIVE = 4_000_000  # so many pairs are compared one by one
NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


@dataclass(frozen=True)
class Ground:
    """What there is to search. `features`: (height, width, waves), of use where `is_source`."""

    features: Levels
    is_source: Mask  # (height, width): its whole patch is known
    sources: Places
    targets: Places  # the patches that hold something unknown
    numbers: NDArray[np.intp]  # (height, width): which target stands there, -1 where none does


def ground_of(pixels: Levels, hole: Mask) -> Ground:
    """pixels: (height, width, 3), 0…255; hole: (height, width)."""
    height, width = hole.shape
    touched = cv2.dilate(hole.astype(np.uint8), np.ones((SIDE, SIDE), np.uint8)) > 0
    is_source = np.zeros_like(hole)
    inner = (slice(REACH, height - REACH), slice(REACH, width - REACH))
    is_source[inner] = ~touched[inner]
    targets = np.argwhere(touched)
    numbers = np.full(hole.shape, -1, np.intp)
    numbers[tuple(targets.T)] = np.arange(len(targets))
    return Ground(_features(pixels), is_source, np.argwhere(is_source), targets, numbers)


def _features(pixels: Levels) -> Levels:
    """The waves of the patch round every pixel: (height, width, waves)."""
    angles = np.pi / SIDE * (np.arange(SIDE) + 0.5)
    waves = [np.cos(order * angles) for order in range(max(ORDERS) + 1)]
    waves = [wave / np.linalg.norm(wave) for wave in waves]
    planes = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    return np.dstack(
        [
            cv2.sepFilter2D(plane, cv2.CV_32F, waves[across], waves[down])
            for plane, order in zip(planes, ORDERS, strict=True)
            for down in range(order + 1)
            for across in range(order + 1 - down)
        ]
    )


def described(ground: Ground, pixels: Levels) -> Levels:
    """The targets' features as the hole looks now: (targets, waves)."""
    first, last = ground.targets.min(axis=0), ground.targets.max(axis=0) + 1
    low = np.maximum(first - REACH, 0)
    part = np.ascontiguousarray(pixels[low[0] : last[0] + REACH, low[1] : last[1] + REACH])
    return np.asarray(_features(part)[tuple((ground.targets - low).T)])


def unlikeness(ground: Ground, here: Levels, found: Places) -> Levels:
    """Of each target and what was found for it: squared levels, summed over the patch."""
    return np.asarray(((ground.features[found[:, 0], found[:, 1]] - here) ** 2).sum(axis=1))


def first_guess(ground: Ground, here: Levels, lot: np.random.Generator) -> Places:
    """For every target a source: the best of all when there are few of them, else one drawn by lot."""
    count = len(ground.targets)
    if count * len(ground.sources) > EXHAUSTIVE:
        return np.asarray(ground.sources[lot.integers(0, len(ground.sources), count)])
    there = ground.features[tuple(ground.sources.T)]
    unlike = (there**2).sum(axis=1)[None] - 2 * here @ there.T
    return np.asarray(ground.sources[unlike.argmin(axis=1)])


def improved(ground: Ground, here: Levels, found: Places, lot: np.random.Generator) -> Places:
    """Better sources for the targets: `found` is (targets, 2), and so is what comes back."""
    best, unlike = found.copy(), unlikeness(ground, here, found)
    limit = np.array(ground.is_source.shape) - 1
    for step in NEIGHBOURS:
        beside = np.clip(ground.targets + step, 0, limit)
        number = ground.numbers[tuple(beside.T)]
        _take(ground, here, (best, unlike), best[number] - step)  # -1: the last one, as good as any
    radius = int(limit.max())
    while radius >= 1:
        tried = best + lot.integers(-radius, radius + 1, best.shape)
        _take(ground, here, (best, unlike), tried)
        radius //= 3
    return best


def _take(ground: Ground, here: Levels, known: tuple[Places, Levels], tried: Places) -> None:
    """What is a source and more alike replaces the best known so far, in place."""
    best, unlike = known
    tried = np.clip(tried, 0, np.array(ground.is_source.shape) - 1)
    size = unlikeness(ground, here, tried)
    is_better = (size < unlike) & ground.is_source[tuple(tried.T)]
    best[is_better], unlike[is_better] = tried[is_better], size[is_better]
