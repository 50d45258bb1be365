"""Faded photographs get their blacks, whites and neutral greys back, by one curve for each colour.

Dyes fade and paper yellows: black turns into a tinted grey, white into a tinted cream. Both ends of each colour are
found and set back. How far apart the colours are set depends on the evidence: in a faded picture a tint at the ends is
a cast; in one that has black and white already it is the light that was there, a sunset say, unless all of the picture
leans to the same side and only a little.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.retouch.working_size import reduced, rgb_pixels

Pixels = NDArray[np.uint8]
Colour = NDArray[np.float64]  # red, green, blue, 0…255

PIXELS_MAX = 200_000  # are enough to measure
ENDS_PERCENT = (0.4, 99.6)
BLACK, WHITE = 6.0, 249.0  # levels that the ends are set to
SOUND, FADED = (
    8.0,
    24.0,
)  # levels between the ends and 0 or 255: from here on, and from there on fully
TINT_MAX = 48.0  # levels between a colour's end and the grey one; more is the colour of a thing
CAST_SHARE = 0.6  # of a cast without fading that is taken out
CAST_SURE, CAST_NONE = 0.8, 0.6  # darkest colour of the white, as a share of its brightest
OPPOSITE_SHARE = 0.02  # of the pixels on the other side of grey are enough to speak against a cast
GAIN_MAX = 2.6
CONTRAST = (16.0, 48.0)  # levels between the ends: below the first there is nothing to judge by


@dataclass(frozen=True)
class Ends:
    """Where black and white are now: of each colour, and of the brightness."""

    dark: Colour
    bright: Colour
    grey_dark: float
    grey_bright: float


def restore_tones(picture: Image.Image, strength: float = 1.0) -> Image.Image:
    """The picture with its tones restored, 0 not at all … 1 fully; L and alpha stay, other modes become RGB(A)."""
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    pixels = rgb_pixels(picture)
    sample = np.asarray(cv2.blur(reduced(pixels, PIXELS_MAX), (3, 3)), np.uint8)
    ends = _ends(sample)
    share = strength * _ramp(ends.grey_bright - ends.grey_dark, *CONTRAST)
    identity = np.arange(256)[:, None]
    mixed = identity + share * (_curves(ends, _cast(sample, ends)) - identity)
    table = np.clip(np.round(mixed), 0, 255).astype(np.uint8)[None]
    restored = Image.fromarray(np.asarray(cv2.LUT(pixels, table), np.uint8))
    if alpha is not None:
        restored.putalpha(alpha)
    return restored.getchannel("G") if picture.mode == "L" else restored


def _curves(ends: Ends, cast: float) -> NDArray[np.float64]:
    """What each level becomes: (256, 3), not yet rounded or clipped."""
    lifted = _ramp(
        float(ends.dark.min()), SOUND, FADED
    )  # one colour at 0 is a black that has not faded
    dulled = _ramp(255 - float(ends.bright.max()), SOUND, FADED)
    dark = _tinted(ends.grey_dark, ends.dark, lifted)
    bright = _tinted(ends.grey_bright, ends.bright, max(lifted, CAST_SHARE * cast))
    black = ends.grey_dark + lifted * (BLACK - ends.grey_dark)
    white = ends.grey_bright + dulled * (WHITE - ends.grey_bright)
    gain = np.minimum((white - black) / np.maximum(bright - dark, 1), GAIN_MAX)
    middle = (np.arange(256)[:, None] - (dark + bright) / 2) * gain
    return middle + (black + white) / 2


def _ends(sample: Pixels) -> Ends:
    colours = np.percentile(sample.reshape(-1, 3), ENDS_PERCENT, axis=0)
    grey = np.percentile(cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY), ENDS_PERCENT)
    return Ends(colours[0], colours[1], float(grey[0]), float(grey[1]))


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))


def _tinted(grey: float, end: Colour, share: float) -> Colour:
    return np.asarray(grey + share * np.clip(end - grey, -TINT_MAX, TINT_MAX))


def _cast(sample: Pixels, ends: Ends) -> float:
    """How surely the picture has a cast though it is not faded: 0…1.

    Its white is a little tinted, and hardly a pixel leans to the other side of grey.
    """
    white = ends.bright
    weak = _ramp(float(white.min() / max(white.max(), 1)), CAST_NONE, CAST_SURE)
    low, high = int(white.argmin()), int(white.argmax())
    leaning = sample[..., low].astype(np.int16) - sample[..., high]
    opposite = float((leaning > 4).mean())
    return weak * (1 - _ramp(opposite, 0, OPPOSITE_SHARE))
