"""The child process that decodes one upload, and the reading of metadata that it shares with its parent.

The picture comes on stdin; the same picture, turned upright and encoded anew, leaves on stdout, a JSON report on
stderr. It runs isolated, without our packages and under limits that it sets itself, because decoders written in C
meet the bytes of strangers here. So this file imports nothing but the standard library, Pillow, and its like.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from pipelines.output import description, pixels, stealth

# Importing these plugins registers them; Pillow would load all forty for the last one.
FORMATS = (  # what the library shows; the web process itself opens them
    PngImagePlugin.PngImageFile.format,
    JpegImagePlugin.JpegImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
)
UPLOAD_FORMATS = (  # opened in the child alone
    *FORMATS,
    AvifImagePlugin.AvifImageFile.format,
    GifImagePlugin.GifImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
)
PIXELS_MAX = 40_000_000
PREVIEW_PX = 512
# What 40 million pixels take at most, measured and rounded up: see docs/decisions/006.
MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 30
OUTPUT_BYTES = 250_000_000

# TIFF is a family of formats. These are what scanners and image programs write; the others are rare and would let a
# stranger reach many more decoders.
TIFF_COMPRESSIONS = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate")
TIFF_BITS = (1, 2, 4, 8, 16)
SUBFILE, BITS, PHOTOMETRIC, SAMPLE_FORMAT, DNG_VERSION = 254, 258, 262, 339, 50706
IS_REDUCED, WHITE_IS_ZERO, UNSIGNED = 1, 0, 1
SAVE_ANEW = "Open it in an image program, save it anew and send that."
SAVE_PLAIN = "Save it as PNG, or as TIFF with 8 or 16 bits a channel, without compression or with LZW or ZIP."

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286
# The texts that are read, and how long each may be. All after the first three are other programs'.
TEXTS = {
    **dict.fromkeys(("parameters", "request", "darkroom"), 300_000),
    **dict.fromkeys(("prompt", "workflow"), 2_000_000),
    **dict.fromkeys(("invokeai_metadata", "sd-metadata", "Comment"), 300_000),
}
GIF_COMMENT = "comment"  # where AUTOMATIC1111 writes `parameters` in a GIF
# In a WebP of ComfyUI they stand as "prompt:{…}" in place of the camera's maker and model.
GRAPHS, EXIF_CAMERA = ("prompt", "workflow"), (0x010F, 0x0110)
XMP_TEXT = re.compile(rb"<darkroom:(\w+)><!\[CDATA\[(.*?)\]\]></darkroom:\1>", re.DOTALL)


class Problem(Exception):
    """(message, remedy, HTTP status): why this file is refused, in words for the person who sent it."""


def read_texts(image: Image.Image) -> dict[str, str]:
    """The texts of ours and of other programs in an opened picture; too long ones are left out.

    They stand in PNG text chunks, in the EXIF user comment and XMP of JPEG, WebP and AVIF, or in a GIF's comment.
    """
    found: dict[str, str] = {}
    comment = image.info.get(GIF_COMMENT)
    if image.format == "GIF" and isinstance(comment, bytes):
        found["parameters"] = comment.decode("utf-8", "replace")
    if "exif" in image.info:  # a PNG without it would be decoded whole in the search for it
        found |= _exif_texts(image)
    xmp = image.info.get("xmp")
    for name, value in XMP_TEXT.findall(xmp if isinstance(xmp, bytes) else b""):
        found[name.decode()] = value.decode("utf-8", "replace")
    for name in TEXTS:
        value = image.info.get(name)
        if isinstance(value, str):
            found[name] = str(value)
    texts = {name: text.replace("\0", "") for name, text in found.items() if name in TEXTS}
    return {name: text for name, text in texts.items() if _bytes(text) <= TEXTS[name]}


def _exif_texts(image: Image.Image) -> dict[str, str]:
    """None when it is damaged: the pixels are not."""
    found: dict[str, str] = {}
    with contextlib.suppress(Exception):  # anybody writes EXIF, and its reader raises anything
        exif = image.getexif()
        # Fooocus writes it beside the IFD that it belongs into.
        comment = exif.get_ifd(EXIF_IFD).get(USER_COMMENT) or exif.get(USER_COMMENT, b"")
        found["parameters"] = _user_comment(comment)
        for value in map(exif.get, EXIF_CAMERA):
            name, _, graph = value.partition(":") if isinstance(value, str) else ("", "", "")
            if name in GRAPHS:
                found[name] = graph
    return found


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _user_comment(value: bytes | str) -> str:
    """EXIF user comment: eight bytes name the encoding; UTF-16 is met in both byte orders."""
    if isinstance(value, str):
        return value
    kind, data = value[:8], value[8:]
    if kind == b"UNICODE\0":
        is_little = data[1::2].count(0) > data[0::2].count(0)
        return data.decode("utf-16-le" if is_little else "utf-16-be", "replace")
    return (data if kind in (b"ASCII\0\0\0", b"\0" * 8) else value).decode("utf-8", "replace")


def check_size(image: Image.Image) -> None:
    """Refuses a picture by the size in its header, before a single pixel is decoded."""
    check_sides(image.width, image.height)


def check_sides(width: int, height: int) -> None:
    """Likewise. Raises Problem."""
    if width * height > PIXELS_MAX:
        raise Problem(
            f"The picture has {width:,} × {height:,} pixels.",
            f"Send one of at most {PIXELS_MAX // 1_000_000} million pixels.",
            413,
        )
    if width < 1 or height < 1:
        raise Problem(f"The picture has no pixels: it is {width} × {height}.", SAVE_ANEW)


def reencode(source: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Writes the picture anew, without metadata, as a PNG that keeps every pixel. Returns the report."""
    image = opened(source)
    texts = read_texts(image) or stealth.read_hidden(image)
    report = {"format": "png", "texts": texts | description.described(image)}
    profile = image.info.get("icc_profile")
    image = pixels.in_srgb(_plain(pixels.upright(image)), profile)
    image.info = {}
    image.save(target, "PNG", compress_level=1)
    target.flush()
    size = {"width": image.width, "height": image.height}
    return {**report, **size, "id": pixels.fingerprint(image)}


def shrink(source: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Writes a small WebP of it, at most PREVIEW_PX wide and high. Returns the report."""
    image = opened(source, PREVIEW_PX)
    report = {"format": "webp", "texts": read_texts(image)}
    profile = image.info.get("icc_profile")
    image = _plain(pixels.upright(image))
    image.thumbnail((PREVIEW_PX, PREVIEW_PX), reducing_gap=2.0)
    image = pixels.in_srgb(image, profile)
    image.info = {}
    image.save(target, "WEBP", quality=82, method=2)
    target.flush()
    return {**report, "width": image.width, "height": image.height}


def opened(source: BinaryIO, least_px: int = 0) -> Image.Image:
    """The first picture of a file, decoded; `least_px`: so large is enough. Raises Problem and whatever Pillow does."""
    Image.MAX_IMAGE_PIXELS = None  # check_size is stricter, and says so in words
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread would take its share of the memory
    _check_webp(source)
    try:
        image: Image.Image = Image.open(source, formats=UPLOAD_FORMATS)
    except UnidentifiedImageError:
        why = "The picture is damaged or incomplete: nothing can be read of it."
        raise Problem(why, SAVE_ANEW) from None
    check_size(image)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tiff(image)
    if least_px:
        image.draft("RGB", (least_px, least_px))  # JPEG decodes smaller at once
    transparent = pixels.transparent_colour(image)
    image.load()
    if transparent is not None:
        image.info["transparency"] = transparent
    return image


def _check_webp(source: BinaryIO) -> None:
    """Pillow makes room for all pixels of a WebP when it opens it; so its size is read before."""
    start = source.read(30)
    source.seek(0)
    kind, sides = start[8:16], (1, 1)
    if kind == b"WEBPVP8X":
        sides = (_whole(start[24:27]) + 1, _whole(start[27:30]) + 1)
    elif kind == b"WEBPVP8L":
        sides = (_whole(start[21:25]) % 2**14 + 1, (_whole(start[21:25]) >> 14) % 2**14 + 1)
    elif kind == b"WEBPVP8 ":
        sides = (_whole(start[26:28]) % 2**14, _whole(start[28:30]) % 2**14)
    check_sides(*sides)


def _whole(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _check_tiff(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuses, by the first header, what would be decoded wrongly or by a rare decoder. Raises Problem."""
    tags, compression = image.tag_v2, image.info.get("compression")
    bits = tags.get(BITS, (1,))
    if tags.get(SUBFILE, 0) & IS_REDUCED or DNG_VERSION in tags:
        why = "The picture is a camera's raw file, or begins with a preview of another."
        raise Problem(why, "Develop it, and save it as PNG, JPEG or TIFF.")
    if compression not in TIFF_COMPRESSIONS:
        raise Problem(f"The TIFF is compressed in a rare way ({compression}).", SAVE_PLAIN)
    kinds = set(tags.get(SAMPLE_FORMAT, (UNSIGNED,)))
    is_inverted = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO and max(bits) > 8
    if not set(bits) <= set(TIFF_BITS) or kinds != {UNSIGNED} or is_inverted:
        raise Problem(f"The TIFF has rare pixels (bits: {', '.join(map(str, bits))}).", SAVE_PLAIN)


def _plain(image: Image.Image) -> Image.Image:
    try:
        return pixels.plain(image)
    except pixels.UnknownPixels as error:
        raise Problem(f"The picture has pixels of a rare kind ({error}).", SAVE_PLAIN) from None


def limit_this_process() -> None:
    """Memory, time and file size; where the system has no such limits the parent's clock must do."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


MAKERS: dict[str, Callable[[BinaryIO, BinaryIO], dict[str, Any]]] = {
    "reencode": reencode,
    "shrink": shrink,
}


def main(make: str) -> None:
    limit_this_process()
    try:
        source: BinaryIO = sys.stdin.buffer  # a file, which need not be in memory, or a pipe
        if source.seekable():
            source.seek(0)  # where the parent has left it is not known
        else:
            source = io.BytesIO(source.read())
        report = MAKERS[make](source, sys.stdout.buffer)
    except Problem as problem:
        report = {"problem": problem.args}
    except MemoryError:
        report = {"problem": ("The picture needs too much memory.", "Send a smaller one.", 413)}
    except Exception as error:
        number = getattr(error, "errno", None)
        report = {"errno": number, "why": f"{type(error).__name__}: {error}"[:300]}
    sys.stderr.write("\n" + json.dumps(report))
    sys.stderr.flush()
