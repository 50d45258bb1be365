"""Recolouring: a drawing once more, with other colours for those that its caption names, and the words with them.

Five drawings show five colours, and so a network takes them for what the thing is. Shown in all, it keeps the shape.
"""

from __future__ import annotations

import colorsys
import re
from typing import NamedTuple

import numpy as np
from PIL import Image

# The basic colour terms of English (Berlin and Kay 1969) but grey, which in captions means many things; sRGB.
COLOURS = {
    "red": (214, 32, 40),
    "orange": (255, 140, 20),
    "yellow": (250, 205, 40),
    "green": (35, 145, 60),
    "blue": (40, 95, 215),
    "purple": (110, 50, 175),
    "pink": (250, 150, 190),
    "brown": (125, 80, 45),
    "black": (25, 25, 28),
    "white": (240, 240, 232),
}
WORDS = re.compile(rf"\b({'|'.join(COLOURS)})\b", re.IGNORECASE)
# Only before a colour: what stood before other words was right already.
ARTICLE = re.compile(rf"\b([Aa])n? (?=({'|'.join(COLOURS)})\b)", re.IGNORECASE)
VOWELS = "aeiou"
HUE_REACH = 16 / 360  # what is still the same colour, shaded or tinted
PALE, DEEP = 0.18, 0.3  # saturation: white is below, a colour above
LIGHT, DARK = 0.7, 0.25  # value


class Hue(NamedTuple):
    """Each in 0…1."""

    hue: float
    saturation: float
    value: float


Swaps = tuple[tuple[str, str], ...]  # (colour, the one in its place)


def swaps_of(caption: str, chance: np.random.Generator) -> Swaps:
    """Each colour that it names, once, and one by chance in its place, no two the same; empty where it names none."""
    named = list(dict.fromkeys(word.lower() for word in WORDS.findall(caption)))
    drawn = chance.permutation(list(COLOURS))[: len(named)]
    return tuple(zip(named, map(str, drawn), strict=True))


def recoloured(picture: Image.Image, swaps: Swaps) -> Image.Image:
    """RGB. What is of another colour stays as it is."""
    before = np.asarray(picture.convert("HSV"), np.float32) / 255
    after = before.copy()
    for old, new in swaps:
        is_old = _shows(before, old)
        after[is_old] = _moved(before[is_old], _hue(old), _hue(new))
    levels = (after * 255).round().astype(np.uint8)
    return Image.fromarray(levels, "HSV").convert("RGB")


def reworded(caption: str, swaps: Swaps) -> str:
    """With the articles that the new words take."""
    new = dict(swaps)
    swapped = WORDS.sub(lambda word: new[word.group().lower()], caption)
    return ARTICLE.sub(
        lambda found: f"{found[1]}{'n' if found[2][0].lower() in VOWELS else ''} ", swapped
    )


def _hue(name: str) -> Hue:
    return Hue(*colorsys.rgb_to_hsv(*(level / 255 for level in COLOURS[name])))


def _shows(pixels: np.ndarray, name: str) -> np.ndarray:
    """(height, width): which of (height, width, 3) are of this colour, or a shade or tint of it."""
    hues, saturations, values = np.moveaxis(pixels, -1, 0)
    if name == "white":
        shown: np.ndarray = (saturations < PALE) & (values > LIGHT)
    elif name == "black":
        shown = values < DARK
    else:
        distance = np.abs((hues - _hue(name).hue + 0.5) % 1 - 0.5)
        shown = (distance < HUE_REACH) & (saturations > DEEP)
    return shown


def _moved(pixels: np.ndarray, old: Hue, new: Hue) -> np.ndarray:
    """(n, 3): as far from the new colour as they were from the old one. Greys have no hue of their own to be kept."""
    is_grey = old.saturation < PALE
    hue = np.full(len(pixels), new.hue) if is_grey else (pixels[:, 0] - old.hue + new.hue) % 1
    saturation = new.saturation if is_grey else pixels[:, 1] * new.saturation / old.saturation
    value = pixels[:, 2] * new.value / old.value
    return np.stack([hue, np.broadcast_to(saturation, hue.shape), value], axis=1).clip(0, 1)
