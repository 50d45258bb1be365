"""Advection: where what is at a cell came from, at any age, in a velocity field that does not change with time."""

from __future__ import annotations

import numpy as np

from pipelines.video.photo.grid import Floats, Grid

KNOTS = 33  # ages that are kept; between them it is interpolated


def trajectories(grid: Grid, velocity: Floats, life_seconds: float) -> Floats:
    """(KNOTS, rows, columns, 2) in shares: the way back to the source, at ages from −life/2 to life/2.

    Integrated backwards by the midpoint rule (Runge–Kutta of order 2). `velocity`: (rows, columns, 2), shares a second.
    """
    half = KNOTS // 2
    step = np.float32(life_seconds / (KNOTS - 1))
    ways = np.zeros((KNOTS, *velocity.shape), np.float32)
    for number in range(half):
        for side in (1, -1):  # older than the photo, then younger
            way = ways[half + side * number]
            middle = way - side * step / 2 * grid.sampled(velocity, way)
            ways[half + side * (number + 1)] = way - side * step * grid.sampled(velocity, middle)
    return ways


def at_phase(ways: Floats, phase: Floats) -> Floats:
    """(rows, columns, 2): the way of each cell at its own phase, (rows, columns): 0 the youngest age, 1 the oldest."""
    place = np.clip(phase, 0, 1) * (KNOTS - 1)
    before = np.minimum(place.astype(np.intp), KNOTS - 2)
    share = (place - before)[..., None].astype(np.float32)
    rows, columns = np.ogrid[: phase.shape[0], : phase.shape[1]]
    earlier, later = ways[before, rows, columns], ways[before + 1, rows, columns]
    return np.asarray(earlier + share * (later - earlier), np.float32)
