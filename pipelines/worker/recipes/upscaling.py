"""Latents and pictures made larger: interpolated, filtered by Pillow, or drawn by a network piece by piece."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from pipelines.asking.hires import Fit
from pipelines.upscalers import UpscalerName
from pipelines.worker.engine.gate import ask
from pipelines.worker.recipes.tiling import starts
from pipelines.worker.weights.seamless import MEETINGS, laid_around
from pipelines.worker.weights.upscalers import Upscaler

FILTERS = {"lanczos": Image.Resampling.LANCZOS, "nearest": Image.Resampling.NEAREST}
AROUND_PX = 16  # what is seen beyond edges that meet; no filter and no piece looks further
PIECE_PX = 256  # of a side that a network sees at once; neighbours overlap by a quarter at least
TURNS = 3  # that a network may take to reach a size, as in AUTOMATIC1111


def stretched(x: Tensor, fit: Fit, px_per_cell: int, seamless: str | None = None) -> Tensor:
    """Latents, or at 1 px a cell a picture, (1, channels, h, w), smoothly in another size: what guides a picture."""
    smooth = UpscalerName("", True, "bilinear", antialias=True)
    return enlarged_latents(x, fit, smooth, px_per_cell, seamless)


def enlarged_latents(
    x: Tensor, fit: Fit, by: UpscalerName, px_per_cell: int, seamless: str | None = None
) -> Tensor:
    """(1, channels, h, w) of a first pass → those of the second."""
    meeting = MEETINGS[seamless]
    # Where edges meet, three in a row, of which the middle one is kept.
    times = (3 if meeting.down else 1, 3 if meeting.across else 1)
    wide, high = (side // px_per_cell for side in fit.cover)
    size = (high * times[0], wide * times[1])
    antialias = {"antialias": True} if by.antialias else {}
    large = functional.interpolate(x.repeat(1, 1, *times), size, mode=by.mode, **antialias)
    left, top = (side // px_per_cell for side in fit.corner)
    left, top = left + wide * (times[1] // 2), top + high * (times[0] // 2)
    width, height = (side // px_per_cell for side in fit.size)
    return large[..., top : top + height, left : left + width].contiguous()


def enlarged_picture(
    levels: Tensor, fit: Fit, by: UpscalerName | Upscaler, seamless: str | None = None
) -> Tensor:
    """(height, width, 3) uint8 on the CPU → those of the second pass. A network may overshoot: Lanczos settles it."""
    mode = "lanczos"
    if isinstance(by, UpscalerName):
        mode = by.mode
    else:
        for _ in range(TURNS):
            if levels.shape[1] >= fit.cover[0] and levels.shape[0] >= fit.cover[1]:
                break
            before = levels.shape
            levels = _drawn_larger(levels, by, seamless)
            if levels.shape == before:  # it mends pictures and leaves their size
                break
    large = _resized(levels, fit.cover, mode, seamless)
    (left, top), (width, height) = fit.corner, fit.size
    return large[top : top + height, left : left + width].contiguous()


def _resized(levels: Tensor, size: tuple[int, int], mode: str, seamless: str | None) -> Tensor:
    height, width = levels.shape[:2]
    seamless = None if mode == "nearest" else seamless  # it looks at no neighbour
    margin = min(AROUND_PX, height, width)
    around = laid_around(levels.permute(2, 0, 1), seamless, margin).permute(1, 2, 0).contiguous()
    left, top = (margin if does_meet else 0 for does_meet in MEETINGS[seamless])
    large = Image.fromarray(around.numpy()).resize(
        size, FILTERS[mode], box=(left, top, left + width, top + height)
    )
    return torch.frombuffer(bytearray(large.tobytes()), dtype=torch.uint8).view(*size[::-1], 3)


def _drawn_larger(levels: Tensor, by: Upscaler, seamless: str | None) -> Tensor:
    """By the network, piece by piece, so that what it takes does not grow with the picture."""
    height, width = levels.shape[:2]
    margin = min(2 * AROUND_PX, height, width)
    around = laid_around(levels.permute(2, 0, 1), seamless, margin)
    scale = by.scale
    large = torch.empty((3, around.shape[1] * scale, around.shape[2] * scale), dtype=torch.uint8)
    for down in _pieces(around.shape[1]):
        for across in _pieces(around.shape[2]):
            seen = around[:, down.begin : down.end, across.begin : across.end]
            drawn = ask(by.component, levels=seen[None])[0]
            large[:, down.kept(scale), across.kept(scale)] = drawn[
                :, down.own(scale), across.own(scale)
            ]
    left, top = (margin * scale if does_meet else 0 for does_meet in MEETINGS[seamless])
    inner = large[:, top : top + height * scale, left : left + width * scale]
    return inner.permute(1, 2, 0).contiguous()


class _Piece(NamedTuple):
    """A stretch of a side that the network sees, and which of it is kept: up to the middle of overlaps."""

    begin: int
    end: int
    first: int
    last: int

    def kept(self, scale: int) -> slice:
        return slice(self.first * scale, self.last * scale)

    def own(self, scale: int) -> slice:
        """The same, in what was drawn of this piece alone."""
        return slice((self.first - self.begin) * scale, (self.last - self.begin) * scale)


def _pieces(length: int) -> list[_Piece]:
    side = min(length, PIECE_PX)
    begins = starts(length, side)
    cuts = [0, *((one + side + other) // 2 for one, other in pairwise(begins)), length]
    return [
        _Piece(begin, begin + side, first, last)
        for begin, (first, last) in zip(begins, pairwise(cuts), strict=True)
    ]
