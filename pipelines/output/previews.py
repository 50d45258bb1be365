"""Small pictures of models for their cards: decoded in the limited child like an upload, kept under the data folder."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from pipelines.output import child
from pipelines.output.disk import failures_named

CHILDREN_AT_ONCE = 2


class Previews:
    """The cache. `key` names the picture and its version; another one is made for another key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children = threading.BoundedSemaphore(CHILDREN_AT_ONCE)

    def get(self, key: str, read: Callable[[], bytes]) -> bytes:
        """A WebP of at most 512 px. `read` brings the bytes of strangers.

        Raises UploadError, DiskFull, or what `read` raises.
        """
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        cached = self._folder / name[:2] / f"{name}.webp"
        with contextlib.suppress(FileNotFoundError):
            return cached.read_bytes()
        data = read()
        child.check(data, len(data))
        with failures_named(self._folder):
            cached.parent.mkdir(parents=True, exist_ok=True)
        part = cached.with_name(f"{name}.{threading.get_ident()}.part")
        try:
            with self._children:
                child.decode(data, part, "shrink")
            small = part.read_bytes()
            part.replace(cached)
        finally:
            part.unlink(missing_ok=True)
        return small
