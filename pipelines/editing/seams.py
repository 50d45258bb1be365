"""No border is seen where a new piece meets the old picture: its colours are bent to those around it.

A membrane in the sense of Pérez et al. 2003 ("Poisson image editing"): the difference between old and new along the
border, continued inward as smoothly as can be (a harmonic function), is added to the new piece. Far from the border it
is smooth, so it is solved on a coarser grid; pixel by pixel only in the tiles that the border runs through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pipelines.editing.masks import Levels

Floats = np.ndarray[Any, np.dtype[np.float32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Places = np.ndarray[Any, np.dtype[np.intp]]
Tile = tuple[slice, slice]

SMALLEST_PX = 4  # a side at which nothing is made coarser
SWEEPS = 16  # of relaxation at each size; the coarser ones have done what is left
GRID_PX = 1024  # the longer side of the grid on which a large picture's membrane is solved
TILE_PX = 128
STRETCH_PX = 32  # of a border
DRIFT = 32  # levels by which the colours of a stretch may be off; more is another thing
FINENESS = 64  # parts of a level in which differences are summed up in whole numbers
NEIGHBOURS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
# The mean of the neighbours, mixed with what is there: damped, so that a sweep leaves no chequers.
CROSS = np.array([[0, 0.2, 0], [0.2, 0.2, 0.2], [0, 0.2, 0]], np.float32)


def blended(old: Levels, new: Levels, alpha: Levels, *, hides_seams: bool) -> Levels:
    """`old` where alpha (height, width) is 0, to the bit, `new` where it is 255; both (height, width, 3)."""
    finished = old.copy()
    bend = Bend.between(old, new, alpha == 0) if hides_seams else None
    for tile in _tiles(alpha.shape):
        if not alpha[tile].any():
            continue
        before, share = old[tile].astype(np.float32), alpha[tile].astype(np.float32)[..., None]
        change = new[tile] - before
        if bend is not None:
            change += bend.at(tile)
        mixed = np.rint(before + change * (share / 255)).clip(0, 255)
        finished[tile] = np.where(share > 0, mixed, before)
    return finished


@dataclass(frozen=True, eq=False)
class Bend:
    """What is to be added to `new`. grid: the membrane, (height, width, 3), of the picture or on a coarser grid."""

    old: Levels
    new: Levels
    is_rim: Flags  # the outermost known pixels, which decide all that lies within
    grid: Floats

    @classmethod
    def between(cls, old: Levels, new: Levels, is_known: Flags) -> Bend:
        """`is_known`: where both are known to show the same; on its rim they are compared, and across it."""
        free = (~is_known).astype(np.uint8)
        is_rim = cv2.dilate(free, NEIGHBOURS) > free
        new = _met(new, free, is_rim)
        height, width = free.shape
        scale = max(1, max(height, width) / GRID_PX)
        size = (round(width / scale), round(height / scale))
        known = is_rim.astype(np.uint8)
        apart = np.zeros(old.shape, np.int16)
        cv2.subtract(old, new, apart, known, cv2.CV_16S)
        apart *= FINENESS
        weights = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        sums = cv2.resize(apart, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        values = sums / np.maximum(weights[..., None] * FINENESS, 1e-6)
        return cls(old, new, is_rim, membrane(values.astype(np.float32), weights > 0))

    def at(self, tile: Tile) -> Floats:
        """(height, width, 3) of a tile of the picture."""
        if self.grid.shape == self.old.shape:
            return self.grid[tile]
        outer = _grown(tile[0]), _grown(tile[1])
        is_rim = self.is_rim[outer]
        surface = self._enlarged(outer, is_rim.shape)
        if is_rim.any():
            apart = self.old[outer].astype(np.float32) - self.new[outer]
            surface = _relaxed(np.where(is_rim[..., None], apart, surface), is_rim)
        top, left = (own.start - out.start for own, out in zip(tile, outer, strict=True))
        return surface[top : top + TILE_PX, left : left + TILE_PX]

    def _enlarged(self, place: Tile, shape: tuple[int, ...]) -> Floats:
        """The grid as it lies over this part of the picture."""
        y, x = (self.grid.shape[axis] / self.old.shape[axis] for axis in (0, 1))
        to_grid = np.array(
            [
                [x, 0, (place[1].start + 0.5) * x - 0.5],
                [0, y, (place[0].start + 0.5) * y - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        surface = cv2.warpAffine(
            self.grid, to_grid, shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(surface, np.float32)


def _met(new: Levels, free: Levels, is_rim: Flags) -> Levels:
    """`new`, whose rim holds what begins beside it.

    So the first pixels beyond the border take on the colours of the last before it. What differs over a short stretch
    alone fades within as short a way. Where a long stretch of `new` itself changes there, another thing begins.
    """
    met, (rows, columns) = new.copy(), np.nonzero(is_rim)
    begins = _beside(new, free, rows, columns)
    apart = begins - new[rows, columns]
    stretch = rows // STRETCH_PX * (len(free) + 1) + columns // STRETCH_PX
    _, number, count = np.unique(stretch, return_inverse=True, return_counts=True)
    mean = np.stack([np.bincount(number, one) / count for one in apart.T], axis=-1)
    is_other = np.abs(mean).max(axis=1, initial=0) > DRIFT
    met[rows, columns] = np.rint(begins - (mean * is_other[:, None])[number]).clip(0, 255)
    return met


def _beside(new: Levels, free: Levels, rows: Places, columns: Places) -> Floats:
    """The means of the free pixels to the left, to the right, above and below, of which there is one at least."""
    sums, count = np.zeros((len(rows), 3), np.float32), np.zeros((len(rows), 1), np.float32)
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = (rows + down).clip(0, len(free) - 1), (columns + right).clip(0, free.shape[1] - 1)
        is_free = free[y, x][:, None]
        sums += new[y, x] * is_free
        count += is_free
    return sums / count


def membrane(values: Floats, is_known: Flags) -> Floats:
    """`values`, (height, width, channels), where they are known, and in between the harmonic function that joins them.

    Solved coarse to fine, to a few parts in a hundred of the values' range. Where nothing is known at all, it is 0.
    """
    weights = is_known.astype(np.float32)[..., None]
    guess = _coarse(values * weights, weights)
    fixed = np.where(weights > 0, values, guess).astype(np.float32)
    return _relaxed(fixed, is_known)


def _relaxed(values: Floats, is_known: Flags) -> Floats:
    """Each unknown value some sweeps nearer to the mean of its neighbours."""
    if is_known.all() or not is_known.any():
        return values
    free = (~is_known).astype(np.uint8)
    relaxed = values.copy()
    for _ in range(SWEEPS):
        around = cv2.filter2D(relaxed, -1, CROSS, borderType=cv2.BORDER_REFLECT)
        cv2.copyTo(around, free, relaxed)
    return relaxed


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


def _grown(side: slice) -> slice:
    return slice(max(0, side.start - SWEEPS), side.stop + SWEEPS)


def _tiles(shape: tuple[int, ...]) -> Iterator[Tile]:
    for top in range(0, shape[0], TILE_PX):
        for left in range(0, shape[1], TILE_PX):
            yield slice(top, top + TILE_PX), slice(left, left + TILE_PX)
