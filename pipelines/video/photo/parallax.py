"""Parallax: a camera goes round a small closed path, and what is near moves against what is far.

Depth is a surface without gaps: beside what is near it falls off no steeper than the movement bears, so that every
pixel has exactly one source. What is near keeps its form; the background next to it is stretched or pressed together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pipelines.video.photo.grid import Floats, Grid, Pixels
from pipelines.video.photo.plan import Parallax
from pipelines.video.photo.region import plane

STEEPEST = 0.6  # at 1, places would change their order
PASSES = 12  # each leaves STEEPEST of the error
LARGE = 0.03  # of the longer side: what is moved more looks stretched
NEAREST = np.ones((3, 3), np.uint8)
# Where the camera is at a share of the loop: (x, y), at most 1 from the middle.
PLACES: Mapping[str, Callable[[float], tuple[float, float]]] = {
    "circle": lambda turn: (math.sin(turn), math.cos(turn)),
    "left-right": lambda turn: (math.sin(turn), 0.0),
}


@dataclass(frozen=True, eq=False)
class Orbit:
    """One Parallax, ready to be drawn. `nearness`: (rows, columns), 0 what stays in place, more is nearer."""

    grid: Grid
    parallax: Parallax
    nearness: Floats
    warnings: tuple[str, ...]

    def drawn(self, picture: Pixels, moment: float) -> Pixels:
        """The whole picture as it is seen at this share of the loop, a little enlarged so that no edge comes in."""
        across, down = PLACES[self.parallax.path](2 * math.pi * moment)
        step = np.array([across, down], np.float32) * np.float32(self.parallax.amount)
        moves = self._moves(step)
        finished = np.empty_like(picture)
        for tile in self.grid.tiles():
            finished[tile] = self.grid.warped(picture, self.grid.enlarged(moves, tile), tile)
        return finished

    def _moves(self, step: Floats) -> Floats:
        """(rows, columns, 2): the way to the source, whose own nearness decides how long it is; by iteration."""
        zoomed = self._zoomed()
        moves = zoomed
        for _ in range(PASSES):
            nearness = self.grid.sampled(self.nearness, moves)[..., None]
            moves = np.asarray(zoomed + nearness * step, np.float32)
        return moves

    def _zoomed(self) -> Floats:
        """The ways towards the middle that leave as much room at each edge as the camera moves."""
        rows, columns = self.grid.shape
        middle = np.array([columns - 1, rows - 1], np.float32) / 2
        out = (self.grid.places() - middle) / self.grid.cells_a_share
        room = self.parallax.amount * float(np.abs(self.nearness).max())
        shorter = min(self.grid.picture) / self.grid.longer_px
        return np.asarray(-out * np.float32(min(0.5, 2 * room / shorter)), np.float32)


def orbiting(grid: Grid, parallax: Parallax, depth: Any, field: str) -> Orbit:
    """`depth`: (height, width) uint8 of any size, white is near, or None: then a ground that ends at the horizon.

    Raises RequestError that names `field` for a depth of another form.
    """
    if depth is None:
        near = _ground(grid, parallax.horizon if parallax.horizon is not None else 0.0)
    else:
        plane(depth, field)
        near = grid.reduced(depth) / np.float32(255)
    near = _bearable(near, parallax.amount * float(grid.cells_a_share.mean()))
    warnings: tuple[str, ...] = ()
    if parallax.amount > LARGE:
        text = (
            f"The camera moves so far that things shift by {parallax.amount:.1%} of the longer side; "
            f"more than {LARGE:.0%} looks stretched. Use less amount."
        )
        warnings = (text,)
    return Orbit(grid, parallax, near - np.float32(parallax.focus), warnings)


def _ground(grid: Grid, horizon: float) -> Floats:
    """0 above the horizon, from there to 1 at the lower edge."""
    down = (np.arange(grid.shape[0], dtype=np.float32) + 0.5) / grid.shape[0]
    rise = np.clip((down - horizon) / (1 - horizon), 0, 1)[:, None]
    return np.ascontiguousarray(np.broadcast_to(rise, grid.shape), np.float32)


def _bearable(near: Floats, amount_cells: float) -> Floats:
    """The lowest surface over this one that is nowhere too steep: what is near grows a slope around it."""
    if amount_cells <= 0:
        return near
    fall = np.float32(STEEPEST / amount_cells / math.sqrt(2))  # a cell, straight or diagonal
    for _ in range(math.ceil(1 / fall)):
        near = np.maximum(near, np.asarray(cv2.dilate(near, NEAREST), np.float32) - fall)
    return near
