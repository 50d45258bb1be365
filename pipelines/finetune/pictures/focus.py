"""What matters in a picture, so that a crop keeps it: faces, an object on a plain ground, else what stands out.

What stands out: the spectral residual (Hou, Zhang 2007, "Saliency detection: a spectral residual approach").
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import NotPlain
from pipelines.finetune.pictures.sizes import Box
from pipelines.graphics.ground import find_ground, grown, lab_of
from pipelines.retouch.faces import Face, NoFaceDetector, faces
from pipelines.retouch.working_size import reduced, within_side

Pixels = NDArray[np.uint8]
SEEN_SIDE_PX = 320  # in which all of it is looked at: what is not seen then does not matter
SIDE_MIN_PX = 32  # a picture with a shorter side matters as a whole
FACE_SHARE_MIN = 0.05  # of the picture's shorter side; smaller ones stand in the background
FACE_TO_LARGEST = 0.4  # a face so much smaller than the largest one is not meant
PLAIN_PIXELS = 200 * 200
OBJECT_SHARE = (0.01, 0.9)  # of the picture: less is a speck, more is no ground
SALIENCY_PX = 64
SALIENCY_BLUR_PX = 3.5
STANDS_OUT = 2.0  # times the mean; the paper takes 3
MASS = (0.1, 0.9)  # the middle share of what stands out, along each axis


def focus_of(picture: Image.Image, face_folder: Path | None = None) -> tuple[Box, bool]:
    """(what matters in px of the picture, RGB; whether it is faces). `face_folder`: see retouch/faces.py."""
    whole = (0.0, 0.0, float(picture.width), float(picture.height))
    if min(picture.size) < SIDE_MIN_PX:
        return whole, False
    pixels = within_side(np.asarray(picture), SEEN_SIDE_PX)
    found = _faces(Image.fromarray(pixels), face_folder)
    box = _around(found) if found else _object(pixels) or _standing_out(pixels)
    return _scaled(box, pixels.shape, (picture.height, picture.width)), bool(found)


def _faces(picture: Image.Image, folder: Path | None) -> list[Face]:
    try:
        found = faces(picture, folder)
    except NoFaceDetector:
        return []
    sides = [max(face.width, face.height) for face in found]
    least = max(FACE_SHARE_MIN * min(picture.size), FACE_TO_LARGEST * max(sides, default=0))
    return [face for face, side in zip(found, sides, strict=True) if side >= least]


def _around(found: list[Face]) -> Box:
    lefts, tops = zip(*((face.left, face.top) for face in found), strict=True)
    rights = (face.left + face.width for face in found)
    bottoms = (face.top + face.height for face in found)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _object(pixels: Pixels) -> Box | None:
    """The whole of what stands on a plain ground; None: the ground is not plain, or nothing stands there."""
    small = reduced(pixels, PLAIN_PIXELS)
    lab = lab_of(small)
    try:
        ground = find_ground(lab)
    except NotPlain:
        return None
    is_object = ~grown(lab, ground, np.zeros(lab.shape[:2], bool))
    solid = cv2.morphologyEx(is_object.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not OBJECT_SHARE[0] <= solid.mean() <= OBJECT_SHARE[1]:
        return None
    return _scaled(box_of(solid > 0), solid.shape, pixels.shape)


def box_of(mask: NDArray[np.bool_]) -> Box:
    """The smallest box round what is marked, which is something; mask: (height, width)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _standing_out(pixels: Pixels) -> Box:
    """The box that holds the middle of what stands out, along each axis."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    size = (SALIENCY_PX, SALIENCY_PX)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    spectrum = np.fft.fft2(small)
    strength = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    residual = strength - cv2.blur(strength, (3, 3))
    map_ = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    map_ = cv2.GaussianBlur(map_.astype(np.float32), (0, 0), SALIENCY_BLUR_PX)
    map_ = np.maximum(map_ - STANDS_OUT * map_.mean(), 0)
    (left, right), (top, bottom) = _middle(map_.sum(axis=0)), _middle(map_.sum(axis=1))
    return _scaled((left, top, right, bottom), map_.shape, pixels.shape)


def _middle(mass: NDArray[np.float32]) -> tuple[float, float]:
    total = np.cumsum(mass, dtype=np.float64)
    if total[-1] <= 0:
        return 0.0, float(len(mass))
    first, last = (np.searchsorted(total, share * total[-1]) for share in MASS)
    return float(first), float(last + 1)


def _scaled(box: Box, seen: tuple[int, ...], whole: tuple[int, ...]) -> Box:
    across, down = whole[1] / seen[1], whole[0] / seen[0]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
