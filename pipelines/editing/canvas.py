"""Canvas: what a request sees of its source, and all that it takes to put the result back into the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import cv2
import numpy as np
from PIL import Image

from pipelines.editing.filling import AT_FULL_SIZE, filled
from pipelines.editing.geometry import CELL_PX, Size, around, extended, widened
from pipelines.editing.masks import Levels, bounds, levels_of, softened
from pipelines.editing.resizing import resized
from pipelines.editing.seams import blended
from pipelines.editing.source import Inpainting, Region, Source
from pipelines.errors import NothingMasked, RequestError
from pipelines.guiding.preprocessing import opaque
from pipelines.request import Request

Picture = Image.Image
OVERLAY_GAIN = 2  # from half the mask on the result counts alone: of what was painted over nothing shines through
MARGIN_PX = 16  # around the masked part, where old and new are compared
SIDE_MAX_PX = 2048  # of a picture that is encoded at its own size


@dataclass(frozen=True, eq=False)
class Canvas:
    """`picture` (height, width, 3) stays where `alpha` (height, width) is 0; where it is 255 the result counts alone.

    The result lies in `region` of it.

    `init`, RGB, is what the model starts from, `mask`, L of the same size, where it may paint; None: everywhere. They
    are made when they are asked for: who puts a result back needs neither.
    """

    picture: Levels
    alpha: Levels | None
    region: Region
    show: Callable[[], tuple[Picture, Picture | None]]

    @property
    def init(self) -> Picture:
        return self.seen[0]

    @property
    def mask(self) -> Picture | None:
        return self.seen[1]

    @cached_property
    def seen(self) -> tuple[Picture, Picture | None]:
        """(init, mask)."""
        return self.show()

    @property
    def size(self) -> Size:
        """Of the finished picture."""
        return self.picture.shape[1], self.picture.shape[0]


def lay(request: Request, picture: Picture, mask: Picture | None) -> Canvas:
    """The canvas of a resolved request. Raises RequestError when mask and picture do not go together."""
    source, inpainting = request.source, request.inpainting
    assert source is not None
    size = (request.width or 0, request.height or 0)
    whole = _extended(opaque(picture), source)
    if inpainting is None:
        full = resized(whole, size, source.resize)
        start = partial(_started, whole, full, source.resize)
        return Canvas(np.asarray(full), None, _all_of(size), start)
    marked = _marked(inpainting, source, picture.size, mask)
    if inpainting.area == "whole":
        return _whole(source, inpainting, whole, marked, size)
    region = _clamped(inpainting.region, whole.size) or region_of(inpainting, marked, size)
    seen, part = whole.crop(region.box), Image.fromarray(marked).crop(region.box)
    cut = partial(_cut_out, inpainting, seen, part, size)
    return Canvas(np.asarray(whole), _overlay(marked), region, cut)


def region_of(inpainting: Inpainting, marked: Levels, size: Size) -> Region:
    """What of the picture is seen by a model that draws at `size`. Raises NothingMasked."""
    picture = marked.shape[1], marked.shape[0]
    box = bounds(marked)
    if box is None:
        raise NothingMasked(inpainting.mask)
    if inpainting.area != "masked":
        return _all_of(picture)
    return widened(around(box, inpainting.padding, picture), size, picture)


def put_back(canvas: Canvas, result: Levels, *, hides_seams: bool) -> Levels:
    """The finished picture, (height, width, 3); where alpha is 0 it is that of before to the bit."""
    if canvas.alpha is None:
        return result
    box = canvas.region
    place = np.s_[box.top : box.bottom, box.left : box.right]
    old, alpha = canvas.picture[place], canvas.alpha[place]
    new = np.asarray(resized(Image.fromarray(result), box.size, "crop"))
    finished = canvas.picture.copy()
    finished[place] = _blended(old, new, alpha, hides_seams=hides_seams)
    return finished


def _blended(old: Levels, new: Levels, alpha: Levels, *, hides_seams: bool) -> Levels:
    box = bounds(alpha)
    if box is None:
        return old
    box = around(box, MARGIN_PX, (alpha.shape[1], alpha.shape[0]))
    place = np.s_[box.top : box.bottom, box.left : box.right]
    finished = old.copy()
    finished[place] = blended(old[place], new[place], alpha[place], hides_seams=hides_seams)
    return finished


def _whole(
    source: Source, inpainting: Inpainting, whole: Picture, marked: Levels, size: Size
) -> Canvas:
    """AUTOMATIC1111's "Whole picture"."""
    picture = resized(whole, size, source.resize)
    small = resized(Image.fromarray(marked), size, source.resize)
    if bounds(np.asarray(small)) is None:
        raise NothingMasked(inpainting.mask)
    alpha = _overlay(np.asarray(small))

    def show() -> tuple[Picture, Picture]:
        return filled(picture, small, inpainting.content), small

    return Canvas(np.asarray(picture), alpha, _all_of(size), show)


def _overlay(marked: Levels) -> Levels:
    """The softness of a mask lies around what was painted, not in it; AUTOMATIC1111 does so in whole pictures only."""
    return np.minimum(marked.astype(np.uint16) * OVERLAY_GAIN, 255).astype(np.uint8)


def _marked(inpainting: Inpainting, source: Source, picture: Size, mask: Picture | None) -> Levels:
    """The soft mask, of the size of the extended picture; what is added is marked to the pixel."""
    left, top, right, bottom = source.extension
    size = extended(picture, source.extension)
    added = np.full((size[1], size[0]), 255, np.uint8)
    added[top : size[1] - bottom, left : size[0] - right] = 0
    if mask is None:
        return added
    if mask.size not in (size, picture):
        what = f"has {mask.width} × {mask.height} pixels, the picture {size[0]} × {size[1]}"
        remedy = "Send a mask of the size of the picture."
        raise RequestError("inpainting.mask", inpainting.mask, what, remedy)
    levels = levels_of(mask, is_inverted=inpainting.is_inverted)
    if mask.size != size:
        levels = np.pad(levels, ((top, bottom), (left, right)))
    return np.maximum(softened(levels, inpainting.blur), added)


def _extended(picture: Picture, source: Source) -> Picture:
    if not source.is_extended:
        return picture
    left, top, right, bottom = source.extension
    sides = (top, bottom, left, right)
    return Image.fromarray(cv2.copyMakeBorder(np.asarray(picture), *sides, cv2.BORDER_REPLICATE))


def _started(whole: Picture, full: Picture, resize: str) -> tuple[Picture, None]:
    """The picture at the size of the result, or, to be stretched as latents, about at its own."""
    if resize != "latent":
        return full, None
    scale = min(1.0, SIDE_MAX_PX / max(whole.size))
    width, height = (max(CELL_PX, round(side * scale / CELL_PX) * CELL_PX) for side in whole.size)
    return resized(whole, (width, height), "stretch"), None


def _cut_out(
    inpainting: Inpainting, seen: Picture, part: Picture, size: Size
) -> tuple[Picture, Picture]:
    """A region and its mask at the size of the model, the masked part filled."""
    way = "fill" if inpainting.area == "masked" else "stretch"
    small = resized(part, size, way)
    if inpainting.content in AT_FULL_SIZE:
        return resized(filled(seen, part, inpainting.content), size, way), small
    return filled(resized(seen, size, way), small, inpainting.content), small


def _clamped(region: Region | None, picture: Size) -> Region | None:
    """The part of the region that lies in the picture; None when there is none."""
    if region is None:
        return None
    inside = around(region, 0, picture)
    return inside if min(inside.size) > 0 else None


def _all_of(size: Size) -> Region:
    return Region(left=0, top=0, right=size[0], bottom=size[1])
