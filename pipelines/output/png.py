"""A picture as the bytes of a PNG."""

from __future__ import annotations

import io

from PIL import Image


def png_bytes(picture: Image.Image) -> bytes:
    """Level 1 takes a quarter of the time of the usual 6 and makes files a fifth larger."""
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()
