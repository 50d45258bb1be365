"""Pictures larger than what their model was trained on: denoised in tiles that overlap, as one picture.

MultiDiffusion, Bar-Tal et al. 2023 (arXiv:2302.08113): at each step every tile guesses its part of x0, and where tiles
overlap the guesses are averaged, so that no border between them can arise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.worker.sampling import Denoise, Denoised

OVERLAP = 0.25  # of a tile, at least


@dataclass(frozen=True)
class Tile:
    """A piece of latents, in cells."""

    top: int
    left: int
    height: int
    width: int

    def of(self, x: Tensor, scale: int = 1) -> Tensor:
        """The piece of (…, h, w), or of the picture of it with `scale` pixels a cell."""
        rows = slice(self.top * scale, (self.top + self.height) * scale)
        return x[..., rows, self.left * scale : (self.left + self.width) * scale]


def tiles_of(height: int, width: int, side: int) -> list[Tile]:
    """Tiles of at most `side` cells that cover all, evenly spread; a single one when all fits into it."""
    high, wide = min(height, side), min(width, side)
    return [
        Tile(top, left, high, wide)
        for top in _starts(height, high)
        for left in _starts(width, wide)
    ]


def _starts(length: int, side: int) -> list[int]:
    if length == side:
        return [0]
    steps = -(-(length - side) // max(1, int(side * (1 - OVERLAP))))
    return [round(number * (length - side) / steps) for number in range(steps + 1)]


class Tiled:
    """A denoiser made of one for each tile."""

    def __init__(
        self,
        tiles: Sequence[Tile],
        denoiser_of: Callable[[Tile], Denoise],
        device: torch.device | str = "cpu",
    ) -> None:
        self._parts = [(tile, denoiser_of(tile), _window(tile).to(device)) for tile in tiles]
        height = max(tile.top + tile.height for tile in tiles)
        width = max(tile.left + tile.width for tile in tiles)
        self._weights = torch.zeros((height, width), device=device)
        for tile, _, window in self._parts:
            tile.of(self._weights).add_(window)

    def __call__(self, x: Tensor, sigma: float, step: int) -> Denoised:
        total = torch.zeros_like(x)
        uncond: Tensor | None = torch.zeros_like(x)
        for tile, denoise, window in self._parts:
            part = denoise(tile.of(x), sigma, step)
            tile.of(total).add_(part.x0 * window)
            if part.x0_uncond is None or uncond is None:
                uncond = None
            else:
                tile.of(uncond).add_(part.x0_uncond * window)
        shared = None if uncond is None else uncond / self._weights
        return Denoised(total / self._weights, shared)


def _window(tile: Tile) -> Tensor:
    """(height, width): how much a tile counts at each place, falling from its middle to its borders."""
    down, across = _ramp(tile.height), _ramp(tile.width)
    return down[:, None] * across[None, :]


def _ramp(length: int) -> Tensor:
    places = torch.arange(1, length + 1, dtype=torch.float32)
    return torch.minimum(places, places.flip(0)) / length
