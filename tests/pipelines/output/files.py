"""Picture files as strangers send them, for the tests of uploads."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

RED, BLUE = (250, 10, 10), (10, 10, 250)
PNG_START = b"\x89PNG\r\n\x1a\n"


def encoded(image: Image.Image, file_format: str = "PNG", **arguments: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **arguments)
    return stream.getvalue()


def halves(mode: str = "RGB") -> Image.Image:
    """48 × 32: left red, right blue."""
    image = Image.new("RGB", (48, 32), RED)
    image.paste(BLUE, (24, 0, 48, 32))
    return image.convert(mode)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    size: tuple[int, int],
    bits: int,
    kind: int,
    rows: bytes,
    *extra: bytes,
    is_interlaced: bool = False,
) -> bytes:
    """A PNG of any bit depth and colour type (0 grey, 2 RGB, 4 grey with alpha, 6 RGBA); `rows` with filter bytes."""
    header = struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, is_interlaced)
    chunks = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows))]
    return PNG_START + b"".join(chunks) + chunk(b"IEND", b"")


def png_bomb(side: int) -> bytes:
    """A 1-bit PNG of many pixels and few bytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return PNG_START + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_header(width: int, height: int) -> bytes:
    """A small PNG that says it is of this size."""
    return png((width, height), 8, 6, bytes(33 * 8))


def webp_header(width: int, height: int, kind: bytes) -> bytes:
    """The start of a WebP of this size: VP8X, VP8L or VP8 with a space."""
    if kind == b"VP8X":
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        body = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little")
    else:
        body = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    data = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data
