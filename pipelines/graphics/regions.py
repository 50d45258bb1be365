"""A picture as regions of a few flat colours, on a grid that is finer than its pixels, so that edges lie between them.

The picture shows an edge by pixels of mixed colour. They get no colour of their own: the finer grid is coloured by
what lies firmly on either side, whichever is nearer in colour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.graphics.ground import Floats, Mask, lab_of
from pipelines.graphics.palette import find_palette

Labels = NDArray[np.uint8]

FINE_SIDE = 1536  # cells along a side of the fine grid, about
FINEST = 8  # cells along a side of a pixel, at most
SEEN = 128  # alpha from which on a pixel belongs to a region
EDGE_STEP = 12.0  # Lab units from one pixel to the next: an edge
REACH_PX = 3  # how far an edge may lie from what is firm
EDGE_HEIGHT = 30.0  # Lab units between two colours whose mixtures are told from shades
BETWEEN = 10.0  # Lab units: so near to the line between two colours lie their mixtures
SPECK_SHARE = 0.0002  # of the picture: smaller regions are absorbed
SPECK_PIXELS = 5
DISTINCT = 40.0  # Lab units between colours that are no shades of each other, among a few
FEW = 8  # colours
PATIENCE_MAX = 16.0  # so much larger than a speck must regions of a mere shade be
SMOOTH_PX = 0.8  # of the picture: outlines are smoothed so far
FAR = np.float32(1e6)


@dataclass(frozen=True)
class Regions:
    """`labels`: (h·scale, w·scale); 0 is transparent, n the colour palette[n − 1]."""

    labels: Labels
    palette: NDArray[np.uint8]  # (n, 3) RGB
    scale: int

    def pixels(self) -> NDArray[np.uint8]:
        """The fine grid as RGBA; what is transparent is black."""
        table = np.zeros((len(self.palette) + 1, 4), np.uint8)
        table[1:, :3], table[1:, 3] = self.palette, 255
        return np.asarray(table[self.labels], np.uint8)


def regions_of(picture: Image.Image, colours: int) -> Regions:
    """At most `colours` regions' colours; `picture` may have alpha."""
    layered = np.asarray(picture.convert("RGBA"))
    height, width = layered.shape[:2]
    scale = int(np.clip(round(FINE_SIDE / max(height, width)), 1, FINEST))
    seen = layered[..., 3] >= SEEN
    if not seen.any():
        empty = np.zeros((height * scale, width * scale), np.uint8)
        return Regions(empty, np.zeros((0, 3), np.uint8), scale)
    rgb = filled(layered[..., :3], layered[..., 3] > 250)
    smooth = np.asarray(cv2.bilateralFilter(rgb, 5, 30, 2), np.uint8)
    firm = seen & ~_edges(smooth)
    palette = find_palette(smooth[firm if firm.any() else seen], colours)
    labels = _coarse(smooth, seen, palette)
    fine = _fine(smooth, layered[..., 3], labels, palette, scale)
    least = max(SPECK_PIXELS, SPECK_SHARE * seen.size) * scale**2
    return Regions(_absorbed(_smoothed(fine, scale), palette, least), palette, scale)


def simplified(regions: Regions, most: int) -> Regions:
    """With no more than about so many connected regions: the smallest are absorbed."""
    parts = [_areas(regions.labels == n) for n in range(1, len(regions.palette) + 1)]
    areas = np.sort(np.concatenate([*parts, np.zeros(0, np.int32)]))[::-1]
    if len(areas) <= most:
        return regions
    labels = _absorbed(regions.labels, regions.palette, float(areas[most - 1]))
    return replace(regions, labels=labels)


def _areas(mask: Mask) -> NDArray[np.int32]:
    _, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray(facts[1:, cv2.CC_STAT_AREA], np.int32)


def filled(values: NDArray[np.uint8], known: Mask) -> NDArray[np.uint8]:
    """Every pixel that is not known takes over from the nearest one that is; `values`: (h, w) or (h, w, n)."""
    if known.all() or not known.any():
        return np.ascontiguousarray(values)
    _, zones = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.flatnonzero(known)
    order = np.empty(int(zones.max()) + 1, np.int64)
    order[zones.ravel()[places]] = places
    flat = values.reshape(known.size, *values.shape[2:])
    return np.ascontiguousarray(flat[order[zones]])


def _edges(rgb: NDArray[np.uint8]) -> Mask:
    lab = lab_of(rgb)
    steps = cv2.morphologyEx(lab, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(np.linalg.norm(steps, axis=-1) > EDGE_STEP, bool)


def _coarse(rgb: NDArray[np.uint8], seen: Mask, palette: NDArray[np.uint8]) -> Labels:
    """The region of each pixel; 0 outside; 255 where it is not known, which is where two others meet."""
    centres = lab_of(palette[None])[0]
    lab = lab_of(rgb)
    squares = np.stack([((lab - centre) ** 2).sum(axis=-1) for centre in centres])
    labels = np.where(seen, squares.argmin(axis=0) + 1, 0).astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    masks = {n: (labels == n).astype(np.uint8) for n in range(len(centres) + 1)}
    solid = {n: cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel) for n, mask in masks.items()}
    wide = np.ones((2 * REACH_PX + 1, 2 * REACH_PX + 1), np.uint8)
    close = {n: cv2.dilate(mask, wide) > 0 for n, mask in solid.items()}
    unknown = np.zeros(labels.shape, bool)
    for n in range(1, len(centres) + 1):
        thin = (masks[n] > 0) & (solid[n] == 0)
        for one, other in _pairs_around(centres, n):
            unknown |= thin & close[one] & close[other]
    return np.where(unknown, np.uint8(255), labels).astype(np.uint8)


def _pairs_around(centres: Floats, n: int) -> list[tuple[int, int]]:
    """The pairs of other colours of which colour n might be a mixture; all counted from 1."""
    found = []
    for one in range(len(centres)):
        for other in range(one + 1, len(centres)):
            way, offset = centres[other] - centres[one], centres[n - 1] - centres[one]
            share = float(offset @ way) / max(float(way @ way), 1e-6)
            is_between = 0.1 < share < 0.9 and np.linalg.norm(way) > EDGE_HEIGHT
            if is_between and np.linalg.norm(offset - share * way) < BETWEEN:
                found.append((one + 1, other + 1))
    return found


def _fine(
    rgb: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    labels: Labels,
    palette: NDArray[np.uint8],
    scale: int,
) -> Labels:
    """Each cell gets the nearest colour of those that are known within reach of it."""
    size = (rgb.shape[1] * scale, rgb.shape[0] * scale)
    lab = lab_of(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC))
    best = np.full(lab.shape[:2], FAR, np.float32)
    fine = np.zeros(lab.shape[:2], np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    for n, centre in enumerate(lab_of(palette[None])[0], start=1):
        known = (labels == n).astype(np.uint8)
        # Beside known pixels of its own colour first, then farther off.
        near = cv2.dilate(known, kernel)
        far = cv2.dilate(known, kernel, iterations=REACH_PX)
        price = np.sqrt(((lab - centre) ** 2).sum(axis=-1))
        price += np.where(_enlarged(near, size), 0, 40) + np.where(_enlarged(far, size), 0, 1e4)
        is_best = price < best
        fine[is_best], best[is_best] = n, price[is_best]
    return np.where(_opaque(alpha, size), fine, 0).astype(np.uint8)


def _enlarged(mask: NDArray[Any], size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) > 0, bool)


def _opaque(alpha: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR) >= SEEN, bool)


def _smoothed(labels: Labels, scale: int) -> Labels:
    """Each cell takes the region that is strongest around it, so that outlines lose their steps."""
    best = np.full(labels.shape, -1, np.float32)
    smooth = labels.copy()
    for n in np.unique(labels):
        share = cv2.GaussianBlur(
            (labels == n).astype(np.float32), (0, 0), max(SMOOTH_PX * scale, 1.0)
        )
        is_best = share > best
        smooth[is_best], best[is_best] = n, share[is_best]
    return smooth


def _absorbed(labels: Labels, palette: NDArray[np.uint8], least: float) -> Labels:
    """Without small regions, `least` cells being small; islands and holes first, then shades within a thing."""
    seen = _without_small(_without_small(labels > 0, least) ^ True, least) ^ True
    small = seen & (labels == 0)
    for n, factor in enumerate(_patience(palette), start=1):
        mask = labels == n
        small |= mask & ~_without_small(mask, least * factor)
    known = seen & ~small
    if not known.any():
        return np.where(seen, labels, 0).astype(np.uint8)
    whole = filled(labels, known)
    return np.where(seen, whole, 0).astype(np.uint8)


def _without_small(mask: Mask, least: float) -> Mask:
    _, parts, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray((facts[:, cv2.CC_STAT_AREA] >= least)[parts] & mask, bool)


def _patience(palette: NDArray[np.uint8]) -> Floats:
    """How much larger than others a region of each colour must be, the nearer its colour is to another one."""
    centres = lab_of(palette[None])[0]
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    distinct = DISTINCT * min(1.0, FEW / len(palette))  # who asks for many wants to see shades
    np.fill_diagonal(gaps, distinct)
    return np.asarray(np.clip((distinct / gaps.min(axis=1)) ** 2, 1, PATIENCE_MAX), np.float32)
