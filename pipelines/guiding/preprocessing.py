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
STROKE_BLURS = (
    0.5,
    5.0,
)  # pixels; these and the depth as in the ControlNet extension's scribble_xdog
STROKE_DEPTH = 16.0
STROKE_SHARE = 0.005  # width of a stroke at least, in shares of the longer side
SOFT_BLURS = 1.0, 2.0, 4.0  # pixels
SOFT_FLOOR = 6.0  # levels: weaker edges than this are not made stronger
SOFT_PERCENT = 97.0  # of the pixels are weaker than what becomes white


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


def scribble(picture: Picture) -> Picture:
    """The strokes of a sketch become white on black, thin ones thicker: difference of Gaussians (Winnemöller 2012).

    Where one colour of a pixel falls below its surroundings there is a stroke, so that yellow on white is one too. A
    dark sheet is taken for a negative.
    """
    pixels = np.asarray(picture, np.float32)
    if np.median(pixels) <= THRESHOLD:
        pixels = 255 - pixels
    near, around = (cv2.GaussianBlur(pixels, (0, 0), blur) for blur in STROKE_BLURS)
    strokes = ((around - near).max(axis=2) > STROKE_DEPTH).astype(np.uint8) * 255
    width = round(STROKE_SHARE * max(picture.size)) | 1
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return Image.fromarray(cv2.dilate(strokes, pen)).convert("RGB")


def softedge(picture: Picture) -> Picture:
    """Outlines as soft white lines on black, much as HED and PiDiNet draw them, without their weights.

    An outline is seen at fine and coarse scales alike and texture at fine ones only: so the mean over the scales is the
    geometric one.
    """
    pixels = np.asarray(picture, np.float32)
    product = np.ones(pixels.shape[:2], np.float32)
    for blur in SOFT_BLURS:
        smooth = cv2.GaussianBlur(pixels, (0, 0), blur)
        slopes = (cv2.Sobel(smooth, cv2.CV_32F, *way, scale=blur / 4) for way in ((1, 0), (0, 1)))
        product *= np.hypot(*slopes).max(axis=2)
    edges = np.cbrt(product)
    marks = edges[edges > SOFT_FLOOR]
    level = max(SOFT_FLOOR * 2, float(np.percentile(edges, SOFT_PERCENT))) if marks.size else np.inf
    light = np.clip((edges - SOFT_FLOOR / 2) / level * 255, 0, 255)
    return Image.fromarray(light.astype(np.uint8)).convert("RGB")


def threshold(picture: Picture) -> Picture:
    return picture.convert("L").point(lambda value: 255 * (value > THRESHOLD)).convert("RGB")


Preprocess = Callable[[Picture], Picture]
PREPROCESS: dict[str, Preprocess] = {
    "none": lambda picture: picture,
    "canny": canny,
    "line": line,
    "scribble": scribble,
    "softedge": softedge,
    "invert": ImageOps.invert,
    "threshold": threshold,
}
RESIZE: dict[str, Callable[[Picture, Size, Preprocess], Picture]] = {
    "crop": _crop,
    "fit": _fit,
    "stretch": _stretch,
}
