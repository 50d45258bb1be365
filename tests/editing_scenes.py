"""Drawings to edit, of which it is known where the thing is and what is behind it; and what became of them, judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tests.editing_lab import SIZE_PX, Pixels
from training.starter.checker import Checker, name_all
from training.starter.scenes import COLOURS, Scene, Subject, compose_one
from training.starter.styles import render

Flags = np.ndarray[Any, np.dtype[np.bool_]]
BRUSH = np.ones((5, 5), np.uint8)
APART = 24  # levels of 255 by which a thing differs from what is behind it
WORDS = {
    "meadow": "in a meadow",
    "sea": "on the sea",
    "snow": "in the snow",
    "desert": "in the desert",
}


@dataclass(frozen=True, eq=False)
class Drawing:
    """One thing before a backdrop. `empty`: the same without it; `silhouette`: where it is."""

    picture: Image.Image
    empty: Pixels
    silhouette: Flags
    scene: Scene

    @property
    def mask(self) -> Image.Image:
        """The thing with a margin, as a hand paints it."""
        return painted(self.silhouette, self.picture.width // 32)


def drawing(
    subject: Subject, backdrop: str, seed: int, size_px: int = SIZE_PX, style: str = "flat"
) -> Drawing:
    """The same seed gives the same. Only flat ones and pixel art are the same all around the thing without it."""
    scene = compose_one(np.random.default_rng(seed), subject, backdrop, style)
    picture, empty = (
        render(one, size_px, np.random.default_rng([seed, 1]))
        for one in (scene, replace(scene, subjects=()))
    )
    behind = np.asarray(empty)
    return Drawing(picture, behind, silhouette(np.asarray(picture), behind), scene)


def silhouette(picture: Pixels, empty: Pixels) -> Flags:
    """Where something stands before the empty scene; thin lines do not count, holes do."""
    apart = cv2.morphologyEx(differs(picture, empty).astype(np.uint8), cv2.MORPH_OPEN, BRUSH)
    outlines, _ = cv2.findContours(apart, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(apart, outlines, -1, 1, cv2.FILLED) > 0)


def differs(picture: Pixels, other: Pixels) -> Flags:
    """Where two pictures show different things: (height, width)."""
    return np.asarray(np.abs(picture.astype(int) - other).max(axis=2) > APART)


def painted(place: Flags, margin_px: int) -> Image.Image:
    """A mask that holds the place and so much around it."""
    side = 2 * margin_px + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return Image.fromarray(cv2.dilate(place.astype(np.uint8) * 255, kernel))


def box_mask(box: tuple[int, int, int, int], size_px: int = SIZE_PX) -> Image.Image:
    """White in left, top, right, bottom; right and bottom lie outside of it."""
    mask = Image.new("L", (size_px, size_px))
    ImageDraw.Draw(mask).rectangle((*box[:2], box[2] - 1, box[3] - 1), fill=255)
    return mask


def words_of(backdrop: str) -> str:
    return f"on a {backdrop} background" if backdrop in COLOURS else WORDS[backdrop]


def seen(checker: Checker, pictures: list[Pixels]) -> list[dict[str, str]]:
    """What the judge names in pictures of any size, each by itself."""
    same = [
        np.asarray(Image.fromarray(one).resize((SIZE_PX, SIZE_PX), Image.Resampling.BILINEAR))
        for one in pictures
    ]
    return name_all(checker, np.stack(same))


def cropped(picture: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    return picture[box[1] : box[3], box[0] : box[2]]


def overlap(one: Flags, other: Flags) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def similarity(one: Pixels, other: Pixels) -> float:
    """1 for equal pictures, 0 for black and white: 1 − mean absolute difference."""
    return float(1 - np.abs(one.astype(float) - other).mean() / 255)
