"""The heart that the pictures of styles are drawn over, and the tools to draw with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIDE = 512  # drawn four times as large as shown
PAPER = (247, 247, 245)

RGB = tuple[int, int, int]
Layer = Image.Image  # mode L, the size of the picture: how much of each pixel is painted


@dataclass(frozen=True)
class Motif:
    """A heart: its filled shape and its largest outline, (n, 2) in pixels."""

    shape: Layer
    outline: NDArray[np.int32]


def motif_of(alpha: Layer) -> Motif:
    """From the alpha of a cut-out of any size: enlarged, smoothed, in the middle, about two thirds wide."""
    box = alpha.point(lambda value: 255 * (value > 127)).getbbox()
    longest = max(box[2] - box[0], box[3] - box[1])
    size = tuple(round((box[i + 2] - box[i]) * 0.66 * SIDE / longest) for i in (0, 1))
    part = alpha.crop(box).resize(size, Image.Resampling.BICUBIC)
    whole = Image.new("L", (SIDE, SIDE))
    whole.paste(part, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    shape = whole.filter(ImageFilter.GaussianBlur(9)).point(lambda value: 255 * (value > 127))
    contours, _ = cv2.findContours(np.asarray(shape), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return Motif(shape, max(contours, key=cv2.contourArea)[:, 0])


def paper(colour: RGB = PAPER) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), colour)


def paint(image: Image.Image, colour: RGB, layer: Layer) -> Image.Image:
    image.paste(colour, (0, 0), layer)
    return image


def grown(layer: Layer, by_px: int) -> Layer:
    """Larger on all sides, or smaller with a negative width."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(by_px) + 1,) * 2)
    change = cv2.dilate if by_px > 0 else cv2.erode
    return Image.fromarray(change(np.asarray(layer), kernel))


def without(layer: Layer, other: Layer) -> Layer:
    return Image.fromarray(np.minimum(np.asarray(layer), 255 - np.asarray(other)))


def within(layer: Layer, other: Layer) -> Layer:
    return Image.fromarray(np.minimum(np.asarray(layer), np.asarray(other)))


def moved(layer: Layer, x: int, y: int) -> Layer:
    place = Image.new("L", layer.size)
    place.paste(layer, (x, y))
    return place


def scaled(layer: Layer, factor: float) -> Layer:
    side = round(SIDE * factor)
    place = Image.new("L", layer.size)
    place.paste(layer.resize((side, side)), ((SIDE - side) // 2, (SIDE - side) // 2))
    return place


def drawn(draw: Callable[[ImageDraw.ImageDraw], object]) -> Layer:
    layer = Image.new("L", (SIDE, SIDE))
    draw(ImageDraw.Draw(layer))
    return layer


def where(mask: NDArray[np.bool_]) -> Layer:
    return Image.fromarray((mask * 255).astype(np.uint8))


def rim(motif: Motif, width_px: int) -> Layer:
    return without(grown(motif.shape, width_px // 2), grown(motif.shape, -(width_px // 2)))


def lit(motif: Motif) -> Layer:
    """The spot where light falls on it."""
    spot = drawn(lambda d: d.ellipse((150, 165, 215, 225), fill=255))
    return within(spot, motif.shape)
