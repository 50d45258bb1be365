"""The child process that decodes one upload, and the reading of metadata that it shares with its parent.

The picture comes on stdin; the same picture, turned upright and encoded anew, leaves on stdout, a JSON report on
stderr. It runs isolated, without our packages and under limits that it sets itself, because decoders written in C
meet the bytes of strangers here. So this file imports nothing but the standard library and Pillow.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

FORMATS = (
    tuple(  # importing these plugins registers them; Pillow would load all forty for the last one
        plugin.format
        for plugin in (
            PngImagePlugin.PngImageFile,
            JpegImagePlugin.JpegImageFile,
            WebPImagePlugin.WebPImageFile,
        )
    )
)
PIXELS_MAX = 40_000_000
PREVIEW_PX = 512
MEMORY_BYTES = 1_000_000_000
CPU_SECONDS = 5
OUTPUT_BYTES = 250_000_000

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286
# The texts that are read, and how long each may be. The last four are ComfyUI's and InvokeAI's.
TEXTS = {
    **dict.fromkeys(("parameters", "request", "darkroom"), 300_000),
    **dict.fromkeys(("prompt", "workflow"), 2_000_000),
    **dict.fromkeys(("invokeai_metadata", "sd-metadata"), 300_000),
}
# In a WebP of ComfyUI they stand as "prompt:{…}" in place of the camera's maker and model.
GRAPHS, EXIF_CAMERA = ("prompt", "workflow"), (0x010F, 0x0110)
XMP_TEXT = re.compile(rb"<darkroom:(\w+)><!\[CDATA\[(.*?)\]\]></darkroom:\1>", re.DOTALL)


class Problem(Exception):
    """(message, remedy, HTTP status): why this file is refused, in words for the person who sent it."""


def read_texts(image: Image.Image) -> dict[str, str]:
    """The texts of ours, AUTOMATIC1111's, ComfyUI's or InvokeAI's in an opened picture; too long ones are left out.

    They stand in PNG text chunks, or in the EXIF user comment and XMP of JPEG and WebP.
    """
    found: dict[str, str] = {}
    if "exif" in image.info:  # a PNG without it would be decoded whole in the search for it
        exif = image.getexif()
        found["parameters"] = _user_comment(exif.get_ifd(EXIF_IFD).get(USER_COMMENT, b""))
        for value in map(exif.get, EXIF_CAMERA):
            name, _, graph = value.partition(":") if isinstance(value, str) else ("", "", "")
            if name in GRAPHS:
                found[name] = graph
    xmp = image.info.get("xmp")
    for name, value in XMP_TEXT.findall(xmp if isinstance(xmp, bytes) else b""):
        found[name.decode()] = value.decode("utf-8", "replace")
    for name in TEXTS:
        value = image.info.get(name)
        if isinstance(value, str):
            found[name] = str(value)
    texts = {name: text.replace("\0", "") for name, text in found.items() if name in TEXTS}
    return {name: text for name, text in texts.items() if _bytes(text) <= TEXTS[name]}


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
    if image.width * image.height > PIXELS_MAX:
        raise Problem(
            f"The picture has {image.width:,} × {image.height:,} pixels.",
            f"Send one of at most {PIXELS_MAX // 1_000_000} million pixels.",
            413,
        )


def reencode(source: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Writes the picture anew, without metadata: JPEG stays JPEG, PNG and WebP become PNG. Returns the report."""
    Image.MAX_IMAGE_PIXELS = None  # check_size is stricter, and says so in words
    image: Image.Image = Image.open(source, formats=FORMATS)
    check_size(image)
    kind = "jpeg" if image.format in ("JPEG", "MPO") else "png"
    image.load()
    texts = read_texts(image)
    ImageOps.exif_transpose(image, in_place=True)
    image = _plain(_in_srgb(image))
    image.info = {}
    if kind == "jpeg":
        image.save(target, "JPEG", quality=95, subsampling=0)
    else:
        image.save(target, "PNG", compress_level=1)
    target.flush()
    size = {"width": image.width, "height": image.height}
    return {**size, "format": kind, "texts": texts}


def shrink(source: BinaryIO, target: BinaryIO) -> dict[str, Any]:
    """Writes a small WebP of it, at most PREVIEW_PX wide and high. Returns the report."""
    Image.MAX_IMAGE_PIXELS = None
    image: Image.Image = Image.open(source, formats=FORMATS)
    check_size(image)
    image.draft("RGB", (PREVIEW_PX, PREVIEW_PX))  # JPEG decodes smaller at once
    image.load()
    texts = read_texts(image)
    ImageOps.exif_transpose(image, in_place=True)
    image.thumbnail((PREVIEW_PX, PREVIEW_PX), reducing_gap=2.0)
    image = _plain(_in_srgb(image))
    image.info = {}
    image.save(target, "WEBP", quality=82, method=2)
    target.flush()
    return {"width": image.width, "height": image.height, "format": "webp", "texts": texts}


def _in_srgb(image: Image.Image) -> Image.Image:
    """Photographs of telephones come in wider colour spaces; without this they would turn pale."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        with contextlib.suppress(ImageCms.PyCMSError, OSError):  # a broken profile is no profile
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, own, srgb, outputMode=mode) or image
    return image


def _plain(image: Image.Image) -> Image.Image:
    """One of the modes L, RGB and RGBA, which every later step knows."""
    if image.mode in ("L", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "F") else "RGB")


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
        source = io.BytesIO(sys.stdin.buffer.read())
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
