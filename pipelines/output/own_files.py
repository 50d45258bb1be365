"""Small files of each owner, such as styles and presets: their place says whose they are; they are written whole."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pipelines.output.disk import failures_named, rewrite

BACKUP = ".bak"


class OwnFiles:
    """Under `<folder>/<owner>/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, owner: str, name: str, bytes_max: int) -> bytes:
        """Empty when it is not there, cannot be read, or is too large to be ours."""
        try:
            with self.path(owner, name).open("rb") as file:
                data = file.read(bytes_max + 1)
        except OSError:
            return b""
        return data if len(data) <= bytes_max else b""

    def write(self, owner: str, name: str, data: bytes, *, keeps_old: bool = False) -> None:
        """Durable when it returns; the old one may stay beside it, as `name.bak`. Raises DiskFull."""
        path = self.path(owner, name)
        with failures_named(self._folder):
            if keeps_old and path.exists():
                rewrite(path.with_name(path.name + BACKUP), path.read_bytes())
            rewrite(path, data)

    def path(self, owner: str, name: str) -> Path:
        """No owner's name leads elsewhere, and no two share a folder."""
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", owner)[:64]
        if safe != owner or not safe:
            safe += "-" + hashlib.sha256(owner.encode("utf-8", "replace")).hexdigest()[:12]
        return self._folder / safe / name
