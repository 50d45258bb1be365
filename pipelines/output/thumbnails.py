"""Small pictures for the grid, made when first asked for and cached under the data folder."""

from __future__ import annotations

import contextlib
import io
import secrets
from pathlib import Path

from PIL import Image

from pipelines.errors import NotFound
from pipelines.guiding.preprocessing import opaque
from pipelines.output.decoder import FORMATS

LONGEST_PX = 256


class Thumbnails:
    """The cache. A picture never changes under its id, so neither does its thumbnail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, picture_id: str, path: Path) -> bytes:
        """A WebP of at most 256 px. Raises NotFound when the picture cannot be read."""
        cached = self._path(picture_id)
        with contextlib.suppress(FileNotFoundError):
            return cached.read_bytes()
        try:
            data = _shrink(path)
        except (OSError, ValueError, SyntaxError) as error:
            raise NotFound(
                f"{path.name} cannot be read.", "It may be damaged; look at the file itself."
            ) from error
        with contextlib.suppress(OSError):  # a full disk must not take the grid away
            cached.parent.mkdir(parents=True, exist_ok=True)
            part = cached.with_name(f"{secrets.token_hex(4)}.part")
            part.write_bytes(data)
            part.replace(cached)
        return data

    def remove(self, picture_id: str) -> None:
        self._path(picture_id).unlink(missing_ok=True)

    def _path(self, picture_id: str) -> Path:
        return self._folder / picture_id[:2] / f"{picture_id}.webp"


def _shrink(path: Path) -> bytes:
    with Image.open(path, formats=FORMATS) as image:
        image.draft("RGB", (LONGEST_PX, LONGEST_PX))  # JPEG decodes smaller at once
        image.thumbnail((LONGEST_PX, LONGEST_PX), reducing_gap=2.0)
        stream = io.BytesIO()
        opaque(image).save(stream, "WEBP", quality=80, method=2)
    return stream.getvalue()
