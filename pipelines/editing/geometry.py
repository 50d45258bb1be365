"""Where things lie when a picture is cut, resized and put back: plain numbers, no pictures.

What AUTOMATIC1111 computes in whole numbers is computed so here too, so that the same request sees the same pixels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pipelines.editing.source import Region

Size = tuple[int, int]  # (width, height) in pixels
FULLEST = 0.999  # of the steps: a strength of 1 still begins at the first noise level
CELL_PX = 8  # sides of what is processed are multiples of it


class Placing(NamedTuple):
    """A picture scaled to `size` and laid onto a canvas with its top left corner at (left, top)."""

    size: Size
    left: int
    top: int


def steps_taken(steps: int, strength: float) -> int:
    """How often an img2img picture is denoised: none for strength 0, else one more than AUTOMATIC1111's t_enc."""
    return int(min(strength, FULLEST) * steps) + 1 if strength > 0 else 0


def cover(source: Size, target: Size) -> Placing:
    """The smallest scale at which nothing of the target stays empty, centred."""
    (w, h), (width, height) = source, target
    is_wider = width * h > w * height
    size = (width if is_wider else w * height // h, height if not is_wider else h * width // w)
    return _centred(size, target)


def contain(source: Size, target: Size) -> Placing:
    """The largest scale at which nothing of the source is cut off, centred."""
    (w, h), (width, height) = source, target
    is_narrower = width * h < w * height
    size = (
        width if is_narrower else w * height // h,
        height if not is_narrower else h * width // w,
    )
    return _centred((max(1, size[0]), max(1, size[1])), target)


def _centred(size: Size, target: Size) -> Placing:
    return Placing(size, target[0] // 2 - size[0] // 2, target[1] // 2 - size[1] // 2)


def around(box: Region, padding: int, picture: Size) -> Region:
    """The box with so many pixels around it, as far as the picture goes."""
    return Region(
        left=max(box.left - padding, 0),
        top=max(box.top - padding, 0),
        right=min(box.right + padding, picture[0]),
        bottom=min(box.bottom + padding, picture[1]),
    )


def widened(region: Region, target: Size, picture: Size) -> Region:
    """The region with the proportions of `target`: grown on both sides, moved back into the picture, cut off there."""
    width, height = region.size
    if width * target[1] > target[0] * height:
        missing = int(width * target[1] / target[0] - height)
        top, bottom = _stretched(region.top, region.bottom, missing, picture[1])
        return Region(left=region.left, top=top, right=region.right, bottom=bottom)
    missing = int(height * target[0] / target[1] - width)
    left, right = _stretched(region.left, region.right, missing, picture[0])
    return Region(left=left, top=region.top, right=right, bottom=region.bottom)


def _stretched(start: int, end: int, missing: int, limit: int) -> tuple[int, int]:
    start, end = start - missing // 2, end + missing - missing // 2
    if end > limit:
        start, end = start - (end - limit), limit
    if start < 0:
        start, end = 0, min(end - start, limit)
    return start, end


def extended(picture: Size, extension: tuple[int, int, int, int]) -> Size:
    """The size of a picture to which pixels are added on the left, at the top, on the right, at the bottom."""
    left, top, right, bottom = extension
    return picture[0] + left + right, picture[1] + top + bottom


def size_like(picture: Size, pixels: int, bounds: tuple[int, int]) -> Size:
    """Sides in the proportions of the picture with about so many pixels in all, as multiples of 8 within bounds."""
    low, high = bounds
    scale = max(math.sqrt(pixels / (picture[0] * picture[1])), low / min(picture))
    scale = min(scale, high / max(picture))

    def side(px: int) -> int:
        return min(max(round(px * scale / CELL_PX) * CELL_PX, low), high)

    return side(picture[0]), side(picture[1])
