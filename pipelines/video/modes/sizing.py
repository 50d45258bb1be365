"""Sizing: at which size the model draws what is made of a movie or a photo, and frames brought to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from pipelines.editing.geometry import size_like
from pipelines.errors import RequestError
from pipelines.request import SIZE_PX, Request
from pipelines.video.modes.course import Levels
from pipelines.video.modes.mode import Ground

ASPECT_MISS = 0.02  # by which the sides of a picture may be others than those of the movie

Size = tuple[int, int]  # (width, height) in px


def sized(
    ground: Ground, shown: Size, area_of: Callable[[int], int] = lambda area: area
) -> Request:
    """The request with sides in the proportions of what is shown, where they are open.

    `area_of`: in px, from that of what its checkpoint usually draws.
    """
    request = ground.request
    assert request is not None
    if request.width and request.height:
        return request
    usual = ground.settle_frame(request)
    width, height = size_like(shown, area_of(usual.size[0] * usual.size[1]), SIZE_PX)
    return replace(request, width=request.width or width, height=request.height or height)


def fitted(pixels: Levels, size: Size) -> Levels:
    """(height, width[, 3]) uint8 stretched to this size."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    is_smaller = size[0] * size[1] < width * height
    kind = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=kind), np.uint8)


def same_shape(field: str, upload: str, size: Size, movie: Size) -> None:
    """Raises RequestError that names `field` for an upload in other proportions than the movie."""
    (across, down), (width, height) = size, movie
    if abs(across * height / (down * width) - 1) > ASPECT_MISS:
        why = f"has {across} × {down} px, other proportions than the movie with {width} × {height}"
        raise RequestError(field, upload, why, "Cut it to those of the movie.")
