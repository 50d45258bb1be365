"""A picture of flat colours as SVG: outlines traced by vtracer, in a document of our own."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import RequestError
from pipelines.graphics.flatten import COLOURS_DEFAULT
from pipelines.graphics.regions import Regions, filled, regions_of, simplified

PATHS_MAX = 200
SHAPES_MAX = PATHS_MAX // 2  # the other half is for the outline
BEYOND = 1  # pixels
TRACER = Path(__file__).with_name("tracer.py")
TRACER_SECONDS = 60.0
# What is given up to come below PATHS_MAX: regions of so many cells along a side.
SPECKLES = (2, 8, 16, 32)
FINE = {
    "colormode": "color",
    "hierarchical": "stacked",  # neighbours overlap, so that no gap shows between them
    "mode": "spline",
    "color_precision": 8,
    "layer_difference": 0,
    "corner_threshold": 60,
    "length_threshold": 8.0,
    "max_iterations": 10,
    "splice_threshold": 90,
    "path_precision": 1,
}
PATH = re.compile(
    r'<path d="([MLCZ0-9 .,\-e]*)" fill="(#[0-9A-Fa-f]{6})"'
    r' transform="translate\((-?[\d.]+),\s*(-?[\d.]+)\)"/>'
)


def to_svg(picture: Image.Image, colours: int = COLOURS_DEFAULT, title: str = "Graphic") -> str:
    """A document of the picture's size, with at most PATHS_MAX paths."""
    return traced(regions_of(picture, colours), title)


def traced(regions: Regions, title: str) -> str:
    """The regions as SVG. Raises RequestError when there is no end to it.

    The shapes lie on one another and reach a little beyond the outline, by which they are clipped: else the lower ones
    would shine through along the edges that they share with the upper ones.
    """
    regions = simplified(regions, SHAPES_MAX)
    height, width = (side // regions.scale for side in regions.labels.shape)
    scale = f' transform="scale({1 / regions.scale:g})"'
    seen = regions.labels > 0
    shapes = _shapes(_spread(regions).pixels())
    if seen.all() or len(shapes) <= 1:
        body = [f"<g{scale}>", *shapes, "</g>"]
    else:
        outline = _shapes(np.repeat(np.uint8(255) * seen[..., None], 4, axis=2))
        clip = ['<clipPath id="outline">', *outline, "</clipPath>"]
        body = [f"<g{scale}>", *clip, '<g clip-path="url(#outline)">', *shapes, "</g>", "</g>"]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
    )
    return "\n".join([head, f"<title>{escape(_printable(title))}</title>", *body, "</svg>", ""])


def _spread(regions: Regions) -> Regions:
    """Every region reaches some cells beyond the outline."""
    seen = regions.labels > 0
    if seen.all() or len(regions.palette) < 2:
        return regions
    reach = cv2.dilate(seen.astype(np.uint8), np.ones((3, 3)), iterations=BEYOND * regions.scale)
    labels = np.where(reach > 0, filled(regions.labels, seen), 0).astype(np.uint8)
    return replace(regions, labels=labels)


def _shapes(pixels: NDArray[np.uint8]) -> list[str]:
    """Traced paths, lowest first. A frame of one transparent cell tells vtracer that there is transparency."""
    stream = io.BytesIO()
    framed = np.pad(pixels, ((1, 1), (1, 1), (0, 0)))
    Image.fromarray(framed).save(stream, "PNG", compress_level=1)
    return [
        f'<path fill="{fill.lower()}" transform="translate({float(x) - 1:g} {float(y) - 1:g})" d="{way.strip()}"/>'
        for way, fill, x, y in PATH.findall(_trace(stream.getvalue()))[:SHAPES_MAX]
    ]


def _trace(png: bytes) -> str:
    settings = [{**FINE, "filter_speckle": speckle} for speckle in SPECKLES]
    command = [sys.executable, "-I", str(TRACER), json.dumps(settings), str(SHAPES_MAX)]
    try:
        done = subprocess.run(
            command, input=png, capture_output=True, timeout=TRACER_SECONDS, check=True
        )
    except subprocess.SubprocessError:
        why = "has too many small parts to be traced"
        raise RequestError("picture", "this one", why, "Ask for fewer colours.") from None
    return done.stdout.decode()


def _printable(title: str) -> str:
    return "".join(sign for sign in title if sign.isprintable())[:200] or "Graphic"
