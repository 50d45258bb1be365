"""What a person has written about a picture into the picture itself: a description in EXIF, XMP, IPTC or PNG.

Read in the child that decodes uploads, so it imports nothing but the standard library and Pillow.
"""

from __future__ import annotations

import contextlib
import html
import re

from PIL import Image

NAME = "description"  # among the texts of an upload
CHARACTERS_MAX = 2000
XMP_BYTES_MAX = 1_000_000
EXIF_DESCRIPTION = 0x010E
XMP_DESCRIPTION = re.compile(
    rb"<dc:description>\s*(?:<rdf:Alt>\s*<rdf:li[^<>]*>)?([^<]{1,20000})<", re.IGNORECASE
)
PNG_DESCRIPTION = "Description"  # the PNG specification's keyword
# 8BIM resource 0x0404 holds IPTC records; 2:120 is Caption/Abstract: marker 0x1C, record, dataset, length.
IPTC_RESOURCE = 0x0404
IPTC_CAPTION = re.compile(rb"\x1c\x02\x78([\0-\x7f].)", re.DOTALL)
# Cameras and scanners put their own name there, in capitals: "OLYMPUS DIGITAL CAMERA".
WRITTEN = re.compile(r"[^\W\d_]*[a-zß-öø-ÿ][^\W_]*\W+\w")


def described(image: Image.Image) -> dict[str, str]:
    """{"description": …} of an opened picture; {} when nobody has written one, or what is there cannot be read."""
    found = ""
    with contextlib.suppress(
        Exception
    ):  # anybody writes metadata, and their readers raise anything
        found = next(filter(_is_written, map(_line, _said(image))), "")
    return {NAME: found} if found else {}


def _said(image: Image.Image) -> list[str]:
    xmp = image.info.get("xmp")
    match = XMP_DESCRIPTION.search(xmp[:XMP_BYTES_MAX]) if isinstance(xmp, bytes) else None
    texts = [html.unescape(match[1].decode("utf-8", "replace")) if match else ""]
    texts.append(_iptc(image))
    if "exif" in image.info:  # a PNG without it would be decoded whole in the search for it
        value = image.getexif().get(EXIF_DESCRIPTION)
        texts.append(_unmangled(value) if isinstance(value, str) else "")
    png = image.info.get(PNG_DESCRIPTION)
    return [*texts, str(png) if isinstance(png, str) else ""]


def _iptc(image: Image.Image) -> str:
    resources = image.info.get("photoshop")
    data = resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else None
    match = IPTC_CAPTION.search(data) if isinstance(data, bytes) else None
    if not match or not isinstance(data, bytes):
        return ""
    length = int.from_bytes(match[1])
    return data[match.end() : match.end() + length].decode("utf-8", "replace")


def _unmangled(text: str) -> str:
    """EXIF is ASCII by its rules and UTF-8 in practice; Pillow reads it as Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _line(text: str) -> str:
    cut = text[:CHARACTERS_MAX].replace("\0", "")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cut).split())


def _is_written(text: str) -> bool:
    """Whether it has words of a person: more than one of them, and not all in capitals."""
    return WRITTEN.search(text) is not None
