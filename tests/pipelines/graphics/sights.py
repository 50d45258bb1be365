"""What the tests of graphics look at: drawings with a known truth, SVG drawn again, and how far two differ."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image, ImageDraw

TOLERANCE = 32  # of 255: an eighth, which an edge does that lies an eighth of a pixel elsewhere
APART_MAX = 0.02

RGB = tuple[int, int, int]
Draw = Callable[[ImageDraw.ImageDraw, int], object]


def shape(draw: Draw, side_px: int = 128) -> NDArray[np.float64]:
    """Alpha 0…1 with true soft edges: drawn eight times as large. `draw` gets the drawing and its side."""
    large = Image.new("L", (side_px * 8, side_px * 8))
    draw(ImageDraw.Draw(large), side_px * 8)
    return np.asarray(large.reduce(8)) / 255


def disc(pen: ImageDraw.ImageDraw, side: int) -> None:
    pen.ellipse((side * 0.2, side * 0.25, side * 0.75, side * 0.8), fill=255)


def ring(pen: ImageDraw.ImageDraw, side: int) -> None:
    pen.ellipse((side * 0.1, side * 0.1, side * 0.9, side * 0.9), outline=255, width=side // 14)
    pen.rectangle((side * 0.4, side * 0.35, side * 0.6, side * 0.65), fill=255)


def laid(alpha: NDArray[np.float64], colour: RGB, ground: NDArray[np.float64] | RGB) -> Image.Image:
    """A shape of one colour on a ground."""
    share = alpha[..., None]
    return image(share * np.array(colour) + (1 - share) * np.array(ground))


def image(pixels: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.round(pixels).clip(0, 255).astype(np.uint8))


def alpha_of(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.getchannel("A")) / 255


def drawn_again(svg: str, zoom: int = 1) -> Image.Image:
    """By resvg, which is no part of Darkroom."""
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, skip_system_fonts=True))
    return Image.open(io.BytesIO(png)).convert("RGBA")


def apart(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ by more than TOLERANCE in alpha, or in a colour as far as it is seen."""
    seen = []
    for picture in (one, other):
        pixels = np.asarray(picture.convert("RGBA"), np.float64)
        pixels[..., :3] *= pixels[..., 3:] / 255
        seen.append(pixels)
    return float((np.abs(seen[0] - seen[1]).max(axis=-1) > TOLERANCE).mean())
