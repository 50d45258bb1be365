"""What the masked part of a picture holds before the first step: the rows of CONTENTS that are made of pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageFilter, ImageOps

from pipelines.retouch import prefill

Picture = Image.Image
# How far the colours around the mask flow into it, and how often that layer is laid on, from far to near.
FLOWS_PX = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))


def filled(picture: Picture, mask: Picture, content: str) -> Picture:
    """RGB with other pixels where the mask, an L picture of the same size, is white."""
    return FILLS[content](picture, mask)


def blurred_around(picture: Picture, mask: Picture) -> Picture:
    """The colours around the mask, flowing into it: AUTOMATIC1111's "fill"."""
    outside = Image.new("RGBa", picture.size)
    outside.paste(picture.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(mask))
    canvas = Image.new("RGBA", picture.size)
    for radius, times in FLOWS_PX:
        layer = outside.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            canvas.alpha_composite(layer)
    return canvas.convert("RGB")


def _as_it_is(picture: Picture, mask: Picture) -> Picture:
    return picture


FILLS: Mapping[str, Callable[[Picture, Picture], Picture]] = {
    "original": _as_it_is,
    "fill": blurred_around,
    "surroundings": prefill.filled,
    "noise": blurred_around,  # what of it shows through is replaced as latents
    "nothing": blurred_around,
}
# Filled before the picture is made small for the model, so that a thin scratch is gone and not only paler.
AT_FULL_SIZE = frozenset({"surroundings"})
