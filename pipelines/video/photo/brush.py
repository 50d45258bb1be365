"""Flow brush: arrows on a painted region become a velocity at each of its cells, still at its border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipelines.errors import RequestError
from pipelines.video.photo.grid import Flags, Floats
from pipelines.video.photo.harmonic import harmonic, joined
from pipelines.video.photo.plan import ARROW_SECONDS, Arrow
from pipelines.video.photo.region import Region

SAMPLES_A_CELL = 2


class Velocity(NamedTuple):
    """`field`: (rows, columns, 2) in shares of the longer side a second; `is_partly_still`: a part has no arrow."""

    field: Floats
    is_partly_still: bool


def velocity(region: Region, arrows: Sequence[Arrow], name: str) -> Velocity:
    """What an arrow does outside of the region does not count.

    Raises RequestError that names the field `name` when nothing of any arrow lies inside.
    """
    sparse, is_known = _sparse(region, arrows)
    if not is_known.any():
        remedy = "Draw at least one arrow over what is painted."
        raise RequestError(name, len(arrows), "no arrow lies where it is painted", remedy)
    dense = harmonic(sparse, is_known, region.is_inside)
    is_reached = joined(region.is_inside, is_known)
    moving = region.slowed(dense)
    return Velocity(moving, bool((region.is_inside & ~is_reached).any()))


def _sparse(region: Region, arrows: Sequence[Arrow]) -> tuple[Floats, Flags]:
    """The mean velocity of the arrows through each cell, and which cells have one."""
    rows, columns = region.grid.shape
    sums, count = np.zeros((rows, columns, 2), np.float32), np.zeros((rows, columns), np.float32)
    for arrow in arrows:
        places, speeds = _sampled(region, arrow)
        cells = np.floor(places).astype(int).clip(0, (columns - 1, rows - 1))
        np.add.at(sums, (cells[:, 1], cells[:, 0]), speeds)
        np.add.at(count, (cells[:, 1], cells[:, 0]), 1)
    is_known = (count > 0) & region.is_inside
    return np.asarray(sums / np.maximum(count, 1)[..., None], np.float32), is_known


def _sampled(region: Region, arrow: Arrow) -> tuple[Floats, Floats]:
    """Places along the arrow, (n, 2) in cells, and the velocity at each in shares a second."""
    grid = region.grid
    corners = np.array(arrow.points, np.float32) * np.array(grid.shape[::-1], np.float32)
    ways = np.diff(corners, axis=0)
    lengths = np.linalg.norm(ways / grid.cells_a_share, axis=1)
    has_length = lengths > 0
    starts, ways, lengths = corners[:-1][has_length], ways[has_length], lengths[has_length]
    speed = lengths.sum() / ARROW_SECONDS if arrow.speed is None else arrow.speed
    counts = np.ceil(np.linalg.norm(ways, axis=1) * SAMPLES_A_CELL).astype(int) + 1
    part = np.concatenate([np.linspace(0, 1, count) for count in counts])[:, None]
    piece = np.repeat(np.arange(len(counts)), counts)
    heading = ways / grid.cells_a_share / lengths[:, None]
    places = starts[piece] + part * ways[piece]
    return places.astype(np.float32), (speed * heading[piece]).astype(np.float32)
