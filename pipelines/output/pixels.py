"""Whatever pixels a picture file holds become plain ones: upright, in sRGB, as L, RGB or RGBA of 8 bits a channel.

Runs in the limited child, so it imports nothing but the standard library and Pillow.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
from typing import Any, cast

from PIL import Image, ImageChops, ImageCms, ImageMath
from PIL.PngImagePlugin import PngImageFile

ORIENTATION = 0x0112  # EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Pillow tells a PNG's transparent grey in the bits of the file and spreads its pixels over eight.
SPREAD = {"L;2": 85, "L;4": 17}
# Every mode that Pillow opens → what becomes of it. The others have no colours that a screen could show.
PLAIN_MODES = {
    **dict.fromkeys(("1", "L"), "L"),
    **dict.fromkeys(("P", "RGB", "RGBX", "YCbCr"), "RGB"),
    **dict.fromkeys(("LA", "La", "PA", "RGBa", "RGBA"), "RGBA"),
    "CMYK": "CMYK",
}
ALIKE = 2  # of 255: a colour space that differs by no more is sRGB, and its pixels stay as they are
LATTICE = bytes(itertools.chain.from_iterable(itertools.product(range(0, 256, 15), repeat=3)))
ID_DIGITS = 32
STRIP_PIXELS = 4_000_000


class UnknownPixels(Exception):
    """There is no rule that makes these pixels plain; the text says which they are."""


def transparent_colour(image: Image.Image) -> Any:
    """What an opened picture, not decoded yet, says is transparent, in the values that its pixels will have."""
    told = image.info.get("transparency")
    raw = str(image.tile[0].args) if isinstance(image, PngImageFile) and image.tile else ""
    if isinstance(told, tuple) and "16" in raw:
        return tuple(value >> 8 for value in told)
    return told * SPREAD.get(raw, 1) if isinstance(told, int) else told


def upright(image: Image.Image) -> Image.Image:
    """Turned as a camera says that it is to be seen; what cannot be understood turns nothing."""
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # EXIF is written by anybody, and its readers raise anything
        return image
    return image.transpose(turn) if turn is not None else image


def plain(image: Image.Image) -> Image.Image:
    """As L, RGB, RGBA or CMYK of 8 bits a channel. Raises UnknownPixels."""
    if image.mode.startswith("I;16"):
        return _from_sixteen_bits(image)
    mode = PLAIN_MODES.get(image.mode)
    if mode is None:
        raise UnknownPixels(image.mode)
    if mode != "CMYK" and image.has_transparency_data:
        mode = "RGBA"
    if image.mode == mode and "transparency" not in image.info:
        return image
    return (image.convert("LA") if image.mode == "La" else image).convert(mode)


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    wide = image.convert("I")
    grey = wide.point(lambda value: value * (1 / 256)).convert("L")
    colour = image.info.get("transparency")
    if not isinstance(colour, int):
        return grey
    # mypy does not know that an operand compares to another one.
    opaque = ImageMath.lambda_eval(lambda names: (names["wide"] != colour) * 255, wide=wide)
    return Image.merge("RGBA", (grey, grey, grey, opaque.convert("L")))


def in_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """A plain picture in sRGB, as L, RGB or RGBA. `profile`: the bytes of an ICC profile, or None.

    Photographs of telephones come in wider colour spaces; without this they would turn pale. What is sRGB already is
    not touched: not a single pixel of a retoucher's picture may change.
    """
    if isinstance(profile, bytes) and profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = _converted(image, own)  # a broken profile, or another picture's, is none
    return image.convert("RGB") if image.mode == "CMYK" else image


def _converted(image: Image.Image, own: ImageCms.ImageCmsProfile) -> Image.Image:
    if own.profile.xcolor_space.strip() == "GRAY":
        return _grey_converted(image, own)
    if image.mode == "CMYK":
        return _transformed(image, own, "RGB")
    if image.mode == "L":
        return image
    known = Image.frombytes("RGB", (len(LATTICE) // 3, 1), LATTICE)
    if _are_alike(known, _transformed(known, own, "RGB")):
        return image
    return _transformed(image, own, image.mode)


def _grey_converted(image: Image.Image, own: ImageCms.ImageCmsProfile) -> Image.Image:
    """L stays L; of RGBA, which was grey with alpha, each channel is the same grey."""
    if image.mode not in ("L", "RGBA"):
        return image
    known = Image.frombytes("L", (256, 1), bytes(range(256)))
    if _are_alike(known, _transformed(known, own, "RGB").getchannel("G")):
        return image
    grey = _transformed(image.getchannel(0), own, "RGB").getchannel("G")
    if image.mode == "L":
        return grey
    return Image.merge("RGBA", (grey, grey, grey, image.getchannel("A")))


def _transformed(image: Image.Image, own: ImageCms.ImageCmsProfile, mode: str) -> Image.Image:
    """Raises PyCMSError where the profile does not fit the picture."""
    srgb = ImageCms.createProfile("sRGB")
    return cast(Image.Image, ImageCms.profileToProfile(image, own, srgb, outputMode=mode))


def _are_alike(one: Image.Image, other: Image.Image) -> bool:
    extrema = ImageChops.difference(one, other).getextrema()
    bands = [extrema] if one.mode == "L" else extrema
    return all(most <= ALIKE for _, most in cast(Any, bands))


def fingerprint(image: Image.Image) -> str:
    """The id of a plain picture: the first 32 hex digits of the SHA-256 of mode, size and pixels, row by row."""
    digest = hashlib.sha256(f"{image.mode} {image.width}x{image.height}\n".encode())
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        digest.update(strip.tobytes())
    return digest.hexdigest()[:ID_DIGITS]
