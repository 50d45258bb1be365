"""Wide holes filled with what surrounds them, so that textures and outlines go on.

From coarse to fine, every patch of the hole looks for one outside that resembles it, and each unknown pixel becomes the
mean of what all patches over it say (Wexler et al. 2007, "Space-time completion of video"). The finest level has a
bounded size; what is finer is copied from where the patches came from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.retouch.alike import (
    REACH,
    Ground,
    Places,
    described,
    first_guess,
    ground_of,
    improved,
    unlikeness,
)

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]

HOLE_PIXELS_MAX = 12_000  # at the finest level
SIDE_MAX = 400
COARSE_PX = 8  # about how wide the hole is at the coarsest level
SIDE_MIN = 48
PASSES = (10, 6, 4, 3)  # by level, coarsest first; finer ones as the last
TRUST = 1.2  # how much more each pixel nearer to what is known counts
SEED = 1


@dataclass(frozen=True)
class Stage:
    """One size of the picture, filled so far. pixels: (height, width, 3), 0…255; hole: (height, width)."""

    pixels: Levels
    hole: Mask
    ground: Ground
    found: Places  # for each target of the ground the patch that resembles it


def woven(pixels: Pixels, hole: Mask) -> Pixels:
    """The picture, (height, width, 3), with its hole, (height, width), filled, and as it was everywhere else."""
    lot = np.random.default_rng(SEED)
    stage: Stage | None = None
    for number, share in enumerate(_shares(hole)):
        start, unknown = _reduced(pixels, hole, share)
        ground = ground_of(start, unknown)
        if not len(ground.sources):
            continue
        if stage is not None:
            start[unknown] = _resized(stage.pixels, unknown.shape)[unknown]
        here = described(ground, start)
        found = first_guess(ground, here, lot) if stage is None else _carried(stage, ground, lot)
        stage = Stage(start, unknown, ground, found)
        for _ in range(PASSES[min(number, len(PASSES) - 1)]):
            stage = _better(stage, lot)
    filled = pixels.copy()
    if stage is None:  # nowhere is so much known that a patch would fit
        filled[hole] = _resized(start, hole.shape)[hole]
    else:
        filled[hole] = _detailed(pixels, hole, stage)
    return filled


def _shares(hole: Mask) -> list[float]:
    """The sizes to go through, coarsest first, in shares of the picture's sides."""
    shares = [min(1.0, math.sqrt(HOLE_PIXELS_MAX / hole.sum()), SIDE_MAX / max(hole.shape))]
    wide = 2 * float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3).max())
    while wide * shares[0] > COARSE_PX and min(hole.shape) * shares[0] > SIDE_MIN:
        shares.insert(0, shares[0] / 2)
    return shares


def _reduced(pixels: Pixels, hole: Mask, share: float) -> tuple[Levels, Mask]:
    """Both in this size; pixels that are unknown in part are of the hole, which is filled for a start."""
    size = [max(1, round(side * share)) for side in hole.shape]
    known = _resized(1 - hole.astype(np.float32), size)
    sums = _resized(pixels * (1 - hole.astype(np.float32))[..., None], size)
    small = sums / np.maximum(known, 1e-3)[..., None]
    unknown = known < 0.999
    flat = np.clip(np.round(small), 0, 255).astype(np.uint8)
    start = cv2.inpaint(flat, unknown.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return np.where(unknown[..., None], start, small).astype(np.float32), unknown


def _resized(values: NDArray[Any], shape: Sequence[int]) -> Levels:
    """Means over areas when it shrinks, linear when it grows."""
    way = cv2.INTER_AREA if shape[0] < values.shape[0] else cv2.INTER_LINEAR
    sized = cv2.resize(values.astype(np.float32), (shape[1], shape[0]), interpolation=way)
    return np.asarray(sized, np.float32)


def _carried(stage: Stage, ground: Ground, lot: np.random.Generator) -> Places:
    """What was found one level above, for the targets of this one; where that is no source, one drawn by lot."""
    limit = np.array(stage.hole.shape) - 1
    ratio = np.array(ground.is_source.shape) / (limit + 1)
    above = np.clip((ground.targets / ratio).astype(np.intp), 0, limit)
    number = stage.ground.numbers[tuple(above.T)]
    moved = stage.found[number] - stage.ground.targets[number]
    found = np.round(ground.targets + moved * ratio).astype(np.intp)
    found = np.clip(found, 0, np.array(ground.is_source.shape) - 1)
    is_lost = ~ground.is_source[tuple(found.T)] | (number < 0)
    found[is_lost] = ground.sources[lot.integers(0, len(ground.sources), is_lost.sum())]
    return np.asarray(found)


def _better(stage: Stage, lot: np.random.Generator) -> Stage:
    """The hole once more: what resembles it now, and the mean of what that says of each pixel."""
    ground = stage.ground
    here = described(ground, stage.pixels)
    found = improved(ground, here, stage.found, lot)
    unlike = unlikeness(ground, here, found)
    spread = max(float(np.quantile(unlike, 0.75)), 1.0)
    depth = cv2.distanceTransform(stage.hole.astype(np.uint8), cv2.DIST_L2, 3)
    weight = np.exp(-unlike / (2 * spread)) * TRUST ** -depth[tuple(ground.targets.T)] + 1e-9
    return Stage(_voted(stage, found, weight), stage.hole, ground, found)


def _voted(stage: Stage, found: Places, weight: Levels) -> Levels:
    """Each unknown pixel as the weighted mean of the patches over it: (height, width, 3)."""
    places = np.argwhere(stage.hole)
    limit = np.array(stage.hole.shape) - 1
    total, weights = np.zeros((len(places), 3)), np.zeros((len(places), 1))
    for down in range(-REACH, REACH + 1):
        for across in range(-REACH, REACH + 1):
            centre = places - (down, across)
            number = stage.ground.numbers[tuple(np.clip(centre, 0, limit).T)]
            is_there = (centre >= 0).all(axis=1) & (centre <= limit).all(axis=1) & (number >= 0)
            share = (weight[number] * is_there)[:, None]
            total += share * stage.pixels[tuple((found[number] + (down, across)).T)]
            weights += share
    pixels = stage.pixels.copy()
    pixels[tuple(places.T)] = total / weights
    return pixels


def _detailed(pixels: Pixels, hole: Mask, stage: Stage) -> Pixels:
    """The hole in full size, (count, 3): the finest stage, and the detail of the places that it was taken from."""
    places = np.argwhere(hole)
    ratio = np.array(hole.shape) / stage.hole.shape
    soft = _resized(stage.pixels, hole.shape)
    below = np.minimum((places / ratio).astype(np.intp), np.array(stage.hole.shape) - 1)
    number = stage.ground.numbers[tuple(below.T)]
    moved = (stage.found[number] - stage.ground.targets[number]) * ratio
    there = np.clip(np.round(places + moved).astype(np.intp), 0, np.array(hole.shape) - 1)
    detail = pixels[tuple(there.T)] - soft[tuple(there.T)]
    detail[hole[tuple(there.T)]] = 0
    return np.asarray(np.clip(np.round(soft[hole] + detail), 0, 255), np.uint8)
