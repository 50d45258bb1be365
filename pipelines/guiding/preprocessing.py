"""From a picture that somebody has to the map that a ControlNet was trained on. Pure functions of pictures."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageOps

from pipelines.guiding.guides import Control

Size = tuple[int, int]  # (width, height) in pixels
Picture = Image.Image

CANNY_LOW, CANNY_HIGH = 100, 200  # as in the script that the first ControlNets were trained with
THRESHOLD = 127
LINE_BLUR = 6.0  # pixels: wider dark things are no lines
LINE_FLOOR, LINE_LEVEL = 8, 16.0


def prepared(picture: Picture, control: Control, size: Size) -> Picture:
    """The picture as the ControlNet is to see it: RGB, of exactly this size."""
    preprocess = PREPROCESS[control.preprocessor]
    return RESIZE[control.resize](opaque(picture), size, preprocess)


def opaque(picture: Picture) -> Picture:
    """RGB; what is transparent becomes white, as paper."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


# ---- sizes ---------------------------------------------------------------------------------------------


def _crop(picture: Picture, size: Size, preprocess: Preprocess) -> Picture:
    return preprocess(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))


def _fit(picture: Picture, size: Size, preprocess: Preprocess) -> Picture:
    """The margins are added last: their border would be taken for an edge."""
    whole = preprocess(ImageOps.contain(picture, size, Image.Resampling.LANCZOS))
    canvas = Image.new("RGB", size)
    canvas.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return canvas


def _stretch(picture: Picture, size: Size, preprocess: Preprocess) -> Picture:
    return preprocess(picture.resize(size, Image.Resampling.LANCZOS))


# ---- maps: RGB → RGB of the same size ------------------------------------------------------------------


def canny(picture: Picture) -> Picture:
    """White edges on black: Canny 1986."""
    edges = cv2.Canny(np.asarray(picture), CANNY_LOW, CANNY_HIGH)
    return Image.fromarray(edges).convert("RGB")


def line(picture: Picture) -> Picture:
    """Dark lines on a light ground become light lines on black: what is darker than its surroundings.

    The strength is put in relation to that of the lines that are there, so that pencil counts as ink does.
    """
    pixels = np.asarray(picture, np.float32)
    around = cv2.GaussianBlur(pixels, (0, 0), LINE_BLUR)
    depth = np.clip((around - pixels).min(axis=2), 0, 255)
    marks = depth[depth > LINE_FLOOR]
    level = max(LINE_LEVEL, float(np.median(marks))) if marks.size else LINE_LEVEL
    light = np.clip(depth / level * THRESHOLD, 0, 255).astype(np.uint8)
    return Image.fromarray(light).convert("RGB")


def threshold(picture: Picture) -> Picture:
    return picture.convert("L").point(lambda value: 255 * (value > THRESHOLD)).convert("RGB")


Preprocess = Callable[[Picture], Picture]
PREPROCESS: dict[str, Preprocess] = {
    "none": lambda picture: picture,
    "canny": canny,
    "line": line,
    "invert": ImageOps.invert,
    "threshold": threshold,
}
RESIZE: dict[str, Callable[[Picture, Size, Preprocess], Picture]] = {
    "crop": _crop,
    "fit": _fit,
    "stretch": _stretch,
}
