"""Harmonic fill: known values go on as smoothly as can be through a region, and not across its border.

Laplace's equation with known values kept and no flux through the border, solved from coarse to fine; at each size by
conjugate gradients (Hestenes and Stiefel 1952), which only have to mend what the coarser size could not know.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.video.photo.grid import Flags, Floats

STEPS = 80  # of conjugate gradients at each size
SMALLEST = 8  # cells of a side at which nothing is made coarser
NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
DONE = 1e-10  # share of the squared error that is left


def harmonic(values: Floats, is_known: Flags, is_inside: Flags) -> Floats:
    """`values`, (rows, columns, channels), where they are known, and between them the harmonic function.

    Known cells must lie inside. Outside, and in parts that touch no known cell, it is 0.
    """
    reached = joined(is_inside, is_known)
    guess = _guess(values, is_known, reached)
    fixed = np.where(is_known[..., None], values, guess * reached[..., None])
    return _solved(fixed.astype(np.float32), reached & ~is_known, reached)


def joined(is_inside: Flags, seeds: Flags) -> Flags:
    """The parts of a region that hold a seed."""
    _, labels = cv2.connectedComponents(is_inside.astype(np.uint8), connectivity=4)
    is_wanted = np.zeros(int(labels.max()) + 1, bool)
    is_wanted[labels[is_inside & seeds]] = True
    return np.asarray(is_wanted[labels], bool)


def _guess(values: Floats, is_known: Flags, is_inside: Flags) -> Floats:
    """The solution at half the size, at full size again."""
    rows, columns = is_inside.shape
    known = is_known.astype(np.float32)
    if max(rows, columns) <= SMALLEST or not is_known.any():
        mean = (values * known[..., None]).sum(axis=(0, 1)) / max(1.0, float(known.sum()))
        return np.broadcast_to(mean.astype(np.float32), values.shape)
    half = ((columns + 1) // 2, (rows + 1) // 2)
    shares = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(values * known[..., None], half, interpolation=cv2.INTER_AREA)
    area = cv2.resize(is_inside.astype(np.float32), half, interpolation=cv2.INTER_AREA)
    small = sums.reshape(*shares.shape, -1) / np.maximum(shares, 1e-6)[..., None]
    found = harmonic(small.astype(np.float32), shares > 1e-6, area > 1e-6)
    large = cv2.resize(found, (columns, rows), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large, np.float32).reshape(values.shape)


def _solved(values: Floats, is_free: Flags, is_inside: Flags) -> Floats:
    """The free cells relaxed so that each is the mean of its neighbours inside."""
    inside = is_inside[..., None].astype(np.float32)
    free = is_free[..., None].astype(np.float32)
    degree = _around(inside)

    def residual(field: Floats) -> Floats:
        return np.asarray((degree * field - _around(field * inside)) * free, np.float32)

    solution, rest = values.copy(), np.negative(residual(values))
    direction, error = rest.copy(), _square(rest)
    enough = DONE * max(float(_square(values).max(initial=0)), 1e-12)
    for _ in range(STEPS):
        if error.max(initial=0) <= enough:
            break
        image = residual(direction)
        length = error / np.maximum(_product(direction, image), 1e-20)
        solution += length * direction
        rest -= length * image
        before, error = error, _square(rest)
        direction = (rest + error / np.maximum(before, 1e-20) * direction).astype(np.float32)
    return solution


def _around(field: Floats) -> Floats:
    """The sums of the four neighbours; beyond the edges there are none."""
    sums = cv2.filter2D(field, -1, NEIGHBOURS, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums, np.float32).reshape(field.shape)


def _square(field: Floats) -> Floats:
    return _product(field, field)


def _product(one: Floats, other: Floats) -> Floats:
    """For each channel."""
    return np.asarray(np.einsum("ijk,ijk->k", one, other), np.float32)
