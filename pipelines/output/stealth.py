"""Texts hidden in the lowest bits of a picture's pixels, as some extensions and NovelAI write them ("stealth pnginfo").

Column by column, a bit a pixel in the alpha channel or three in the colours: a signature of 15 bytes, the length of
what follows in bits (32, the highest first), then UTF-8, which is gzipped where the signature says so. Runs in the
limited child, so it imports nothing but the standard library and Pillow.
"""

from __future__ import annotations

import json
import zlib

from PIL import Image

BYTES_MAX = 300_000
# The signature → (mode of the pixels that are looked at, is it gzipped).
SIGNATURES = {
    b"stealth_pnginfo": ("A", False),
    b"stealth_pngcomp": ("A", True),
    b"stealth_rgbinfo": ("RGB", False),
    b"stealth_rgbcomp": ("RGB", True),
}
START_BYTES = 15 + 4
GZIP = 31  # zlib's number for a gzip header
LOWEST_BIT = bytes(48 + value % 2 for value in range(256))  # "0" or "1"
NOVELAI = ("Comment", "Software")


def read_hidden(image: Image.Image) -> dict[str, str]:
    """The texts in a decoded picture, by the names that they would have in the file; {} for most pictures."""
    for mode in ("A", "RGB"):
        if (mode == "A" and image.mode != "RGBA") or image.mode not in ("RGB", "RGBA"):
            continue
        start = _hidden(image, mode, START_BYTES)
        found, is_gzipped = SIGNATURES.get(start[:15], ("", False))
        if found == mode:
            length = int.from_bytes(start[15:], "big") // 8
            if length <= BYTES_MAX:
                data = _hidden(image, mode, START_BYTES + length)[START_BYTES:]
                return _texts(_unzipped(data) if is_gzipped else data)
    return {}


def _hidden(image: Image.Image, mode: str, count: int) -> bytes:
    """The first bytes; fewer where the picture is too small for them."""
    bits = count * 8
    per_column = image.height * len(mode)
    columns = min(image.width, -(-bits // per_column))
    part = image.crop((0, 0, columns, image.height)).transpose(Image.Transpose.TRANSPOSE)
    plane = part.getchannel("A") if mode == "A" else part.convert("RGB")
    digits = plane.tobytes().translate(LOWEST_BIT)[:bits]
    digits = digits[: len(digits) // 8 * 8]
    return int(digits, 2).to_bytes(len(digits) // 8, "big") if digits else b""


def _unzipped(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(GZIP).decompress(data, BYTES_MAX)
    except zlib.error:
        return b""


def _texts(data: bytes) -> dict[str, str]:
    """What stands there is `parameters`, or NovelAI's chunks as JSON."""
    text = data.decode("utf-8", "replace")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {"parameters": text} if text else {}
    is_novelai = isinstance(values, dict) and all(isinstance(values.get(n), str) for n in NOVELAI)
    return {name: values[name] for name in NOVELAI} if is_novelai else {"parameters": text}
