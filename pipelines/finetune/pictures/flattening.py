"""Transparent pictures before training: what is clear becomes white, or grey where the picture itself is white.

Models know no transparency. White is what most cut-out pictures on the web stand on; white on white would be lost.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

RGB = tuple[int, int, int]
WHITE: RGB = (255, 255, 255)
GREY: RGB = (128, 128, 128)
SEEN_ALPHA = 64  # of 255: fainter pixels hardly show
LIGHT_LEVEL = 225  # the darkest channel of what cannot be told from white
LIGHT_SHARE = 0.5  # of the visible pixels


def ground_for(picture: Image.Image) -> RGB | None:
    """What is to lie under the picture; None: it is opaque."""
    if "A" not in picture.getbands() or picture.getchannel("A").getextrema()[0] == 255:
        return None
    pixels = np.asarray(picture.convert("RGBA"))
    visible = pixels[pixels[..., 3] >= SEEN_ALPHA]
    if not len(visible):
        return WHITE
    is_light = visible[:, :3].min(axis=1) >= LIGHT_LEVEL
    return GREY if is_light.mean() > LIGHT_SHARE else WHITE


def flattened(picture: Image.Image, ground: RGB | None) -> Image.Image:
    """RGB; `ground` as `ground_for` found it."""
    if ground is None:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, ground), layered).convert("RGB")
