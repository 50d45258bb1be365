"""Pictures larger than what their model was trained on: denoised in tiles that overlap, as one picture.

MultiDiffusion, Bar-Tal et al. 2023 (arXiv:2302.08113): at each step every tile guesses its part of x0, and where tiles
overlap the guesses are averaged, so that no border between them can arise. Where edges of the picture meet, tiles lie
across them as they do elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.worker.sampling import Denoise, Denoised
from pipelines.worker.weights.seamless import MEETINGS, Meeting

OVERLAP = 0.25  # of a tile, at least


@dataclass(frozen=True)
class Tile:
    """A piece of latents, in cells. One that goes beyond the end goes on at the beginning."""

    top: int
    left: int
    height: int
    width: int
    seamless: str | None = None  # which of its own edges meet, since it goes all around

    def of(self, x: Tensor, scale: int = 1) -> Tensor:
        """The piece of (…, h, w), or of the picture of it with `scale` pixels a cell."""
        rows = _cut(x, -2, self.top * scale, self.height * scale)
        return _cut(rows, -1, self.left * scale, self.width * scale)

    def add(self, total: Tensor, piece: Tensor) -> None:
        """Adds the piece at its place in (…, h, w), in place."""
        for place, row, high in _runs(self.top, self.height, total.shape[-2]):
            for at, column, wide in _runs(self.left, self.width, total.shape[-1]):
                part = piece[..., row : row + high, column : column + wide]
                total[..., place : place + high, at : at + wide].add_(part)


def tiles_of(height: int, width: int, side: int, seamless: str | None = None) -> list[Tile]:
    """Tiles of at most `side` cells that cover all, evenly spread; a single one when all fits into it."""
    high, wide = min(height, side), min(width, side)
    across, down = MEETINGS[seamless]
    own = Meeting(across and wide == width, down and high == height)
    kept = next(name for name, meeting in MEETINGS.items() if meeting == own)
    return [
        Tile(top, left, high, wide, kept)
        for top in starts(height, high, is_round=down)
        for left in starts(width, wide, is_round=across)
    ]


def starts(length: int, side: int, *, is_round: bool = False) -> list[int]:
    """Where pieces of `side` begin that cover a line of `length`, or a ring of it."""
    if length == side:
        return [0]
    stride = max(1, int(side * (1 - OVERLAP)))
    if is_round:
        count = -(-length // stride)
        return [round(number * length / count) for number in range(count)]
    steps = -(-(length - side) // stride)
    return [round(number * (length - side) / steps) for number in range(steps + 1)]


def _cut(x: Tensor, dimension: int, start: int, length: int) -> Tensor:
    runs = _runs(start, length, x.shape[dimension])
    pieces = [x.narrow(dimension, place, count) for place, _, count in runs]
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, dimension)


def _runs(start: int, length: int, whole: int) -> list[tuple[int, int, int]]:
    """(begin in the whole, begin in the piece, length) of the one or two runs that a piece is made of."""
    inside = min(length, whole - start)
    return [(start, 0, inside), *([(0, inside, length - inside)] if inside < length else [])]


class Tiled:
    """A denoiser made of one for each tile."""

    def __init__(
        self,
        tiles: Sequence[Tile],
        denoiser_of: Callable[[Tile], Denoise],
        device: torch.device | str = "cpu",
    ) -> None:
        self._parts = [(tile, denoiser_of(tile), _window(tile).to(device)) for tile in tiles]
        self._weights: Tensor | None = None  # of all windows together, the same at each step

    def __call__(self, x: Tensor, sigma: float, step: int) -> Denoised:
        total, weights = torch.zeros_like(x), self._weights_like(x)
        uncond: Tensor | None = torch.zeros_like(x)
        for tile, denoise, window in self._parts:
            part = denoise(tile.of(x), sigma, step)
            tile.add(total, part.x0 * window)
            if part.x0_uncond is None or uncond is None:
                uncond = None
            else:
                tile.add(uncond, part.x0_uncond * window)
        return Denoised(total / weights, None if uncond is None else uncond / weights)

    def _weights_like(self, x: Tensor) -> Tensor:
        if self._weights is None:
            self._weights = torch.zeros_like(x[0, 0])
            for tile, _, window in self._parts:
                tile.add(self._weights, window)
        return self._weights


def _window(tile: Tile) -> Tensor:
    """(height, width): how much a tile counts at each place, falling from its middle to its borders."""
    down, across = _ramp(tile.height), _ramp(tile.width)
    return down[:, None] * across[None, :]


def _ramp(length: int) -> Tensor:
    places = torch.arange(1, length + 1, dtype=torch.float32)
    return torch.minimum(places, places.flip(0)) / length
