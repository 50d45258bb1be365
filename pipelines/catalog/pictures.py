"""The picture of a model, as bytes that nobody has looked at yet: a file beside it, or a text in its header."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re

from pipelines.catalog.about import COVER, COVERS
from pipelines.catalog.checkpoint import Model
from pipelines.catalog.weights_file import Damaged, read_header
from pipelines.errors import NotFound

BYTES_MAX = 20_000_000
DATA_URL = re.compile(r"data:image/(?:png|jpe?g|webp);base64,")


def picture_of(model: Model) -> bytes:
    """Its undecoded bytes. Raises NotFound."""
    about = model.about
    if about.preview:
        with contextlib.suppress(OSError):
            if about.preview.stat().st_size <= BYTES_MAX:
                return about.preview.read_bytes()
    if about.has_cover:
        with contextlib.suppress(Damaged):
            metadata = read_header(model.path).metadata
            data = _decoded(DATA_URL.sub("", metadata.get(COVER, ""), count=1))
            return data or _decoded(_first(metadata.get(COVERS, "")))
    raise NotFound(
        f"{model.name} has no picture.", "Put a PNG, JPEG or WebP of its name beside it."
    )


def _first(text: str) -> str:
    try:
        covers = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return ""
    return str(covers[0]) if isinstance(covers, list) and covers else ""


def _decoded(text: str) -> bytes:
    """b"" for what is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
