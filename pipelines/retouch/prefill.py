"""What may be under a mask, guessed from its surroundings: thin holes smoothly, wide ones with textures that go on.

Used to take things out of a picture: alone, or as the ground that a denoiser starts from.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.retouch.textures import woven

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

THIN_PX, THIN_SHARE = (
    12,
    0.005,
)  # holes up to this width (or share of the longer side) are filled smoothly
SMOOTH_RADIUS_PX = 4
JOIN_PX = 8  # wide holes nearer to each other than this are filled as one
AROUND_SHARE, AROUND_PX = 1.0, 48  # of the hole's own sides; what is looked at round it


def filled(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture with what the mask marks (more than black) guessed; every other pixel, and alpha, as it was.

    The mask has the picture's size. L and RGB stay what they are, other modes become RGB or RGBA. A picture that is
    masked all over tells nothing and comes back as it is.
    """
    if mask.size != picture.size:
        raise ValueError(f"the mask is {mask.size}, the picture {picture.size}")
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    pixels = np.asarray(picture.convert("RGB"))
    hole = np.asarray(mask.convert("L")) > 0
    if hole.any() and not hole.all():
        pixels = _filled(pixels, hole)
    guess = Image.fromarray(pixels)
    if picture.mode == "L":
        return guess.getchannel("G")
    if alpha is not None:
        guess.putalpha(alpha)
    return guess


def _filled(pixels: Pixels, hole: Mask) -> Pixels:
    parts = _wide_parts(hole)
    left = hole.copy()
    for part in parts:
        window = _window(part)
        inside = pixels[window].copy()
        guess = woven(inside, left[window])
        inside[part[window]] = guess[part[window]]
        pixels = pixels.copy()
        pixels[window] = inside
        left &= ~part
    if not left.any():
        return pixels
    thin = left.astype(np.uint8)
    smooth = cv2.inpaint(pixels, thin, SMOOTH_RADIUS_PX, cv2.INPAINT_TELEA)
    return np.where(left[..., None], smooth, pixels)


def _wide_parts(hole: Mask) -> list[Mask]:
    """The holes too wide to be filled smoothly, those near to each other as one."""
    limit = max(THIN_PX, THIN_SHARE * max(hole.shape))
    each = hole.astype(np.uint8)
    count, numbers = cv2.connectedComponents(each, connectivity=8)
    labels = np.asarray(numbers, np.int32)
    reach = np.zeros(count)
    depth = cv2.distanceTransform(each, cv2.DIST_L2, 3)
    np.maximum.at(reach, labels[hole], depth[hole])
    wide = (2 * reach > limit)[labels]
    joined = cv2.dilate(wide.astype(np.uint8), np.ones((JOIN_PX + 1, JOIN_PX + 1), np.uint8))
    groups, numbers = cv2.connectedComponents(joined, connectivity=8)
    return [np.asarray(wide & (numbers == number)) for number in range(1, groups)]


def _window(part: Mask) -> tuple[slice, slice]:
    """The rows and columns of the part, and what lies round them."""
    sides = []
    for axis in (1, 0):
        at = np.flatnonzero(part.any(axis=axis))
        first, last = int(at[0]), int(at[-1]) + 1
        margin = max(AROUND_PX, round(AROUND_SHARE * (last - first)))
        sides.append(slice(max(0, first - margin), last + margin))
    return sides[0], sides[1]
