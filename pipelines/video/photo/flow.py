"""Flow: a painted region streams for ever, though the photo shows it at one moment only.

Two copies of it drift along the velocities, each from half a life before the photo to half a life after it, then start
again; one is seen best while the other starts (Vlachos 2010, "Water flow in Portal 2"). Both only look where the region
is, so that nothing still is dragged in. Where the copies are mixed, fine detail would lose contrast, since it does not
agree: it is made up for by its variance. A smooth offset of the phase spreads the starts over the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.video.photo.advection import at_phase, trajectories
from pipelines.video.photo.brush import velocity
from pipelines.video.photo.grid import Flags, Floats, Grid, Pixels, Tile
from pipelines.video.photo.plan import Flow
from pipelines.video.photo.region import Region

REACH = 0.08  # of the longer side: what is moved farther from where it was seen looks stretched
ROUND_SECONDS = 0.75  # a loop does not repeat itself faster than this to keep within the reach
COARSE = 10.0  # cells: what is larger than this is mixed as it is
OFFSETS = 0.4  # of a life: the largest difference of phase between two places
OFFSET_LENGTH = 0.2  # of the longer side: how far such places are from each other, about
SEED = 1
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Stream:
    """One Flow, ready to be drawn. `rounds`: how often the copies take turns in a loop."""

    region: Region
    ways: Floats  # (knots, rows, columns, 2): see `trajectories`
    rounds: int
    offsets: Floats  # (rows, columns): of the phase, 0 to OFFSETS
    source: Pixels  # (height, width, 3): the photo with the region's colours continued over all that is still
    coarse: Floats  # (rows, columns, 3): its large shapes
    grain: float  # how far two places are apart, in shares, at which fine detail agrees no more
    warnings: tuple[str, ...]

    @classmethod
    def prepared(
        cls, photo: Pixels, region: Region, flow: Flow, seconds: float, name: str
    ) -> Stream:
        """`seconds`: of the loop; `name`: of the effect in errors. Raises RequestError."""
        grid = region.grid
        seen = region.without_rim()
        found = velocity(region, flow.arrows, f"{name}.arrows")
        speeds = found.field * np.float32(flow.speed)
        rounds, warnings = _rounds(top_speed(speeds), seconds)
        if found.is_partly_still:
            warnings += ("A painted part has no arrow on it and stays still.",)
        coarse, source = _continued(photo, seen)
        return cls(
            seen,
            trajectories(grid, speeds, 2 * seconds / rounds),
            rounds,
            _offsets(grid),
            source,
            coarse,
            _grain(photo, seen, coarse, speeds),
            warnings,
        )

    def drawn(self, picture: Pixels, moment: float) -> Pixels:
        """The picture with the region as it is at this share of the loop."""
        copies = [self._copy(moment * self.rounds / 2 + start) for start in (0, 0.5)]
        mixed = self._mixed(copies)
        return self.region.painted(picture, lambda tile: self._tile(copies, mixed, tile))

    def _copy(self, phase: float) -> Copy:
        begun = phase % 1
        phases = self.offsets + np.float32(begun)
        has_restarted = phases >= 1
        again = at_phase(self.ways, phases - 1) if has_restarted.any() else None
        return Copy(begun, at_phase(self.ways, phases), again, has_restarted)

    def _mixed(self, copies: list[Copy]) -> Floats:
        """(rows, columns, 4): large shapes of both copies together, and the factor for what is finer."""
        grid = self.region.grid
        share = _seen(self.offsets + np.float32(copies[0].begun))
        moves = [copy.moves() for copy in copies]
        one, other = (grid.sampled(self.coarse, move) for move in moves)
        shapes = other + share[..., None] * (one - other)
        apart = ((moves[0] - moves[1]) ** 2).sum(axis=-1)
        agree = np.exp(-apart / np.float32(2 * self.grain**2))
        variance = 1 - 2 * share * (1 - share) * (1 - agree)
        return np.dstack([shapes, 1 / np.sqrt(variance)]).astype(np.float32)

    def _tile(self, copies: list[Copy], mixed: Floats, tile: Tile) -> Floats:
        grid = self.region.grid
        offsets = grid.enlarged(self.offsets, tile)
        one, other = (
            grid.warped(self.source, copy.enlarged(grid, offsets, tile), tile).astype(np.float32)
            for copy in copies
        )
        share = _seen(offsets + np.float32(copies[0].begun))[..., None]
        planes = grid.enlarged(mixed, tile)
        shapes, factor = planes[..., :3], planes[..., 3:]
        other += share * (one - other)
        other -= shapes
        other *= factor
        other += shapes
        return other


class Copy(NamedTuple):
    """One of the two copies at a moment. `begun`: its phase where the offset is 0."""

    begun: float
    first: Floats  # (rows, columns, 2): moves of cells that have not started again …
    again: Floats | None  # … and of those that have
    has_restarted: Flags

    def moves(self) -> Floats:
        """(rows, columns, 2)"""
        if self.again is None:
            return self.first
        return np.where(self.has_restarted[..., None], self.again, self.first)

    def enlarged(self, grid: Grid, offsets: Floats, tile: Tile) -> Floats:
        """(height, width, 2): whether it has started again is told for each pixel, not mixed between cells."""
        first = grid.enlarged(self.first, tile)
        if self.again is None:
            return first
        has_restarted = offsets + np.float32(self.begun) >= 1
        if not has_restarted.any():
            return first
        return np.where(has_restarted[..., None], grid.enlarged(self.again, tile), first)


def top_speed(speeds: Floats) -> float:
    """Of the fastest cell, in shares a second."""
    return float(np.sqrt((speeds**2).sum(axis=-1).max(initial=0)))


def _seen(phase: Floats) -> Floats:
    """How much of the first copy is seen: nothing when it starts, all at half of its life."""
    return np.asarray(1 - np.abs(2 * (phase - np.floor(phase)) - 1), np.float32)


def _rounds(speed: float, seconds: float) -> tuple[int, tuple[str, ...]]:
    """As few as keep what moves within reach. Two copies take turns twice in a life, so a life is two rounds, and half
    of it, a round, leads away from the photo."""
    wanted = max(1, math.ceil(speed * seconds / REACH - 1e-6))
    rounds = min(wanted, max(1, math.floor(seconds / ROUND_SECONDS)))
    way = speed * seconds / rounds
    if way <= REACH * (1 + 1e-6):
        return rounds, ()
    return rounds, (
        f"The flow carries pixels {way:.0%} of the longer side away; more than {REACH:.0%} looks stretched. "
        "Make it slower.",
    )


def _continued(photo: Pixels, region: Region) -> tuple[Floats, Pixels]:
    """(the region's large shapes on the grid, the photo with these in place of what does not move)."""
    grid = region.grid
    colours = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    colours[region.alpha == 0] = 0
    sums = grid.reduced(colours)
    blurred = np.asarray(cv2.GaussianBlur(sums, (0, 0), COARSE), np.float32)
    coarse = np.asarray(blurred[..., :3] * 255 / np.maximum(blurred[..., 3:], 1e-3), np.float32)
    source = photo.copy()
    for tile in grid.tiles():
        is_still = region.alpha[tile] == 0
        if is_still.any():
            shapes = np.rint(grid.enlarged(coarse, tile)).clip(0, 255)
            source[tile][is_still] = shapes[is_still]
    return coarse, source


def _offsets(grid: Grid) -> Floats:
    """Smooth noise between 0 and OFFSETS, the same for each shape of a picture."""
    knots = [max(2, round(side / max(grid.shape) / OFFSET_LENGTH) + 1) for side in grid.shape]
    noise = np.random.default_rng(SEED).random(knots).astype(np.float32)
    smooth = cv2.resize(noise, grid.shape[::-1], interpolation=cv2.INTER_CUBIC)
    low, high = float(smooth.min()), float(smooth.max())
    return np.asarray((smooth - low) * (OFFSETS / (high - low)), np.float32)


def _grain(photo: Pixels, region: Region, coarse: Floats, speeds: Floats) -> float:
    """The length over which fine detail changes along the flow, as if its correlation were a Gaussian's.

    Then its variance divided by that of its derivative is the square of the length.
    """
    grid = region.grid
    length = np.linalg.norm(speeds, axis=-1, keepdims=True)
    heading = np.asarray(speeds / np.maximum(length, 1e-9), np.float32)
    variance = change = 0.0
    for tile in region.tiles:
        fine = np.asarray((photo[tile] - grid.enlarged(coarse, tile)) @ LUMA, np.float32)
        along = grid.enlarged(heading, tile)
        down, across = np.gradient(fine) if min(fine.shape) > 1 else (fine * 0, fine * 0)
        counts = region.alpha[tile] > 0
        variance += float((fine[counts] ** 2).sum())
        change += float(((across * along[..., 0] + down * along[..., 1])[counts] ** 2).sum())
    length_px = math.sqrt(variance / change) if change > 0 else 1.0
    return max(1.0, length_px) / grid.longer_px
