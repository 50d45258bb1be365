"""A picture of flat colours as SVG: outlines traced by vtracer, in a document of our own.

Each colour is a layer, the larger ones below. Where it meets a later one it reaches a pixel under it, as printers trap
their inks: no ground shines through between the two. Nowhere else does a colour lie on another, so that along the
outline of the graphic none is seen through the soft edge of the one above it.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np
from PIL import Image

from pipelines.errors import RequestError
from pipelines.graphics.flatten import COLOURS_DEFAULT
from pipelines.graphics.ground import Mask
from pipelines.graphics.regions import Regions, regions_of, simplified
from pipelines.output.png import png_bytes

PATHS_MAX = 200
REGIONS_MAX = 160  # traced, they are a few more, since shapes that touch at a corner are two
UNDER = 1  # pixels
FRAME = 24  # cells around the picture
TRACER = Path(__file__).with_name("tracer.py")
TRACER_SECONDS = 60.0
FINE_ENOUGH = 4  # cells along a side of a pixel: whole numbers are as good as fractions
# What is given up to come below PATHS_MAX: regions of so many cells along a side.
SPECKLES = (2, 8, 16, 32, 64)
OPTIONS = {
    "colormode": "color",
    "mode": "spline",
    "corner_threshold": 60,
    "length_threshold": 8.0,
    "max_iterations": 10,
    "splice_threshold": 90,
}
PATH = re.compile(
    r'<path d="([MLCZ0-9 .,\-e]*)" fill="#000000" transform="translate\((-?[\d.]+),(-?[\d.]+)\)"/>'
)


def to_svg(picture: Image.Image, colours: int = COLOURS_DEFAULT, title: str = "Graphic") -> str:
    """A document of the picture's size, with at most PATHS_MAX paths."""
    return traced(regions_of(picture, colours), title)


def traced(regions: Regions, title: str) -> str:
    """The regions as SVG. Raises RequestError when there is no end to it."""
    regions = simplified(regions, REGIONS_MAX)
    height, width = (side // regions.scale for side in regions.labels.shape)
    layers = list(_layers(regions))
    drawings = _trace([_png(mask) for _, mask in layers], 0 if regions.scale >= FINE_ENOUGH else 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(_printable(title))}</title>",
        f'<g transform="scale({1 / regions.scale:g})">',
    ]
    for (n, _), drawing in zip(layers, drawings, strict=True):
        fill = "#{:02x}{:02x}{:02x}".format(*regions.palette[n - 1])
        lines += [f'<g fill="{fill}">', *_paths(drawing), "</g>"]
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _layers(regions: Regions) -> Iterator[tuple[int, Mask]]:
    """(number of the colour, where it is painted), lowest first."""
    areas = np.bincount(regions.labels.ravel(), minlength=len(regions.palette) + 1)
    rank = np.zeros(len(areas), np.uint8)  # 0: transparent, or not there
    order = [int(n) for n in np.argsort(-areas[1:], kind="stable") + 1 if areas[n]]
    rank[order] = np.arange(1, len(order) + 1)
    ranks = rank[regions.labels]
    kernel = np.ones((3, 3), np.uint8)
    for place, n in enumerate(order, start=1):
        own = (ranks == place).astype(np.uint8)
        reach = cv2.dilate(own, kernel, iterations=UNDER * regions.scale) > 0
        yield n, (own > 0) | (reach & (ranks > place))


def _png(mask: Mask) -> bytes:
    """Black where the mask is. It goes on beyond the picture, so that its corners are not rounded there.

    The last frame, of one transparent cell, tells vtracer that there is transparency.
    """
    framed = np.pad(np.pad(mask, FRAME - 1, mode="edge"), 1)
    pixels = np.dstack([np.zeros(framed.shape, np.uint8), framed * np.uint8(255)])
    return png_bytes(Image.fromarray(pixels))


def _trace(layers: list[bytes], digits: int) -> list[str]:
    asked = {
        "layers": [base64.b64encode(layer).decode() for layer in layers],
        "settings": [
            {**OPTIONS, "path_precision": digits, "filter_speckle": speckle} for speckle in SPECKLES
        ],
        "paths_max": PATHS_MAX,
    }
    command = [sys.executable, "-I", str(TRACER)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=TRACER_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError:
        why = "has too many small parts to be traced"
        raise RequestError("picture", "this one", why, "Ask for fewer colours.") from None
    return [str(drawing) for drawing in json.loads(done.stdout)]


def _paths(drawing: str) -> list[str]:
    """vtracer's paths, without the frame."""
    return [
        f'<path transform="translate({float(x) - FRAME:g} {float(y) - FRAME:g})" d="{way.strip()}"/>'
        for way, x, y in PATH.findall(drawing)
    ]


def _printable(title: str) -> str:
    return "".join(sign for sign in title if sign.isprintable())[:200] or "Graphic"
