"""Waves: a painted region ripples or sways; each movement is periodic and its period divides the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipelines.video.photo.grid import Floats, Grid, Pixels, Tile
from pipelines.video.photo.plan import Ripple, Sway
from pipelines.video.photo.region import FADE, Region

# Of each wave: its length, by how many degrees it turns off, its share of the amount, where it starts.
RIPPLES = (
    (1.0, 0.0, 0.42, 0.0),
    (0.63, 34.0, 0.26, 0.31),
    (1.57, -23.0, 0.2, 0.67),
    (0.41, -41.0, 0.12, 0.14),
)
# Of each swing: how many to one of the first, its share of the amount, where it starts.
SWINGS = ((1, 0.8, 0.0), (2, 0.2, 0.37))
BEND = 1.5  # a stalk held at one end leaves its place with about this power of the distance
ROOM = 1.2  # so much wider than the movement is the fade, so that what is still is not reached
STEEPEST = 0.8  # at 1, places would change their order


class Wave(NamedTuple):
    """x, y: turns across one share to the right and down; `turns` in a loop; push: how far it moves, (x, y) shares."""

    x: float
    y: float
    turns: int
    start: float
    push: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Waves:
    """Waves over a region. `strength`: (rows, columns), how much they count at each cell."""

    region: Region
    waves: tuple[Wave, ...]
    strength: Floats
    warnings: tuple[str, ...]

    def drawn(self, picture: Pixels, moment: float) -> Pixels:
        """The picture with the region as it is at this share of the loop."""
        return self.region.painted(picture, lambda tile: self._tile(picture, moment, tile))

    def _tile(self, picture: Pixels, moment: float, tile: Tile) -> Pixels:
        grid = self.region.grid
        moves = displacement(self.waves, grid, tile, moment)
        moves *= grid.enlarged(self.strength, tile)[..., None]
        return grid.warped(picture, moves, tile)


def displacement(waves: Sequence[Wave], grid: Grid, tile: Tile, moment: float) -> Floats:
    """(height, width, 2) in shares. sin(a + b) = sin a cos b + cos a sin b makes it a product of two thin matrices."""
    down, across = ((np.arange(side.start, side.stop) + 0.5) / grid.longer_px for side in tile)
    turns = np.array([wave.start - wave.turns * moment for wave in waves])
    rows = 2 * np.pi * (np.outer(down, [wave.y for wave in waves]) + turns)
    columns = 2 * np.pi * np.outer([wave.x for wave in waves], across)
    left = np.hstack([np.sin(rows), np.cos(rows)]).astype(np.float32)
    right = np.vstack([np.cos(columns), np.sin(columns)]).astype(np.float32)
    pushes = np.tile(np.array([wave.push for wave in waves], np.float32), (2, 1))
    return np.stack([(left * pushes[:, axis]) @ right for axis in (0, 1)], axis=-1)


def rippled(region: Region, ripple: Ripple, seconds: float) -> Waves:
    """Waves that run in about one direction; the longer the faster, as those of deep water: speed ∝ √length."""
    waves = tuple(_ripple(ripple, seconds, *row) for row in RIPPLES)
    strength = region.fade(max(FADE, ROOM * ripple.amount))
    return Waves(region, waves, strength, _steepness(waves, "Use less amount or longer waves."))


def _ripple(
    ripple: Ripple, seconds: float, length: float, turned: float, share: float, start: float
) -> Wave:
    angle = math.radians(ripple.direction_degrees + turned)
    x, y = math.cos(angle), math.sin(angle)
    wavelength, push = ripple.wavelength * length, ripple.amount * share
    turns = max(1, round(seconds * ripple.speed * math.sqrt(length) / wavelength))
    return Wave(x / wavelength, y / wavelength, turns, start, (x * push, y * push))


def swaying(region: Region, sway: Sway, seconds: float) -> Waves:
    """Swings along the anchor line, over which gusts run; still on the line, full where it is farthest."""
    grid = region.grid
    longer = np.float32(grid.longer_px)
    ends = np.array(sway.anchor) * np.array(grid.picture[::-1]) / longer
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    places = (grid.places() + 0.5) / grid.cells_a_share - ends[0].astype(np.float32)
    away = np.abs(places @ np.array([-along[1], along[0]], np.float32))
    farthest = float(away[region.is_inside].max())
    turns = max(1, round(seconds / sway.period_seconds))
    x, y = along / sway.wavelength
    waves = tuple(
        Wave(x * many, y * many, turns * many, start, tuple(along * sway.amount * share))
        for many, share, start in SWINGS
    )
    bent = (away / max(farthest, 1e-6)) ** np.float32(BEND)
    strength = np.asarray(bent * region.fade(max(FADE, ROOM * sway.amount)), np.float32)
    return Waves(region, waves, strength, _steepness(waves, "Use less amount or longer gusts."))


def _steepness(waves: Sequence[Wave], remedy: str) -> tuple[str, ...]:
    """A warning where the waves together would fold the picture."""
    steepest = 2 * math.pi * sum(math.hypot(w.x, w.y) * math.hypot(*w.push) for w in waves)
    if steepest <= STEEPEST:
        return ()
    return (f"The waves are so high for their length that the picture folds. {remedy}",)
