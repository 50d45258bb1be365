"""Pictures and masks brought to a size: the ways of `RESIZES`, as AUTOMATIC1111 has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from PIL import Image

from pipelines.editing.geometry import Size, contain, cover

Picture = Image.Image


def resized(picture: Picture, size: Size, resize: str) -> Picture:
    """The picture, of any mode, at exactly this size; `resize` is a row of RESIZES."""
    return picture if picture.size == size else WAYS[resize](picture, size)


def _stretch(picture: Picture, size: Size) -> Picture:
    return picture.resize(size, Image.Resampling.LANCZOS)


def _crop(picture: Picture, size: Size) -> Picture:
    placing = cover(picture.size, size)
    box = (-placing.left, -placing.top, size[0] - placing.left, size[1] - placing.top)
    return _stretch(picture, placing.size).crop(box)


def _fill(picture: Picture, size: Size) -> Picture:
    """The outermost rows and columns go on to the border."""
    placing = contain(picture.size, size)
    inner = np.asarray(_stretch(picture, placing.size))
    right = size[0] - placing.left - placing.size[0]
    bottom = size[1] - placing.top - placing.size[1]
    sides = (placing.top, bottom, placing.left, right)
    return Image.fromarray(cv2.copyMakeBorder(inner, *sides, cv2.BORDER_REPLICATE))


WAYS: Mapping[str, Callable[[Picture, Size], Picture]] = {
    "stretch": _stretch,
    "crop": _crop,
    "fill": _fill,
    "latent": _stretch,  # of masks; pictures are encoded at their own size
}
