"""Looking at a picture once, for all that its intake must know of it; nothing here depends on a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """`focus`: left, top, right, bottom of what matters, in px. `blur`: 0 sharp … 1. `ground`: what lies under a
    transparent picture, RGB; None: it is opaque.
    """

    width: int
    height: int
    focus: tuple[float, float, float, float]
    has_face: bool
    blur: float
    ground: tuple[int, int, int] | None
    fingerprint: bytes  # of how it looks: see duplicates.py


Look = Callable[[str, Path], Seen]  # (id of the upload, its file); raises UploadError


class Looks:
    """Looks at each picture once and keeps what was seen, by its id. May be used from any thread: `looks(id, path)`."""

    def __init__(self, face_folder: Path | None = None) -> None:
        self._face_folder = face_folder

    def __call__(self, image: str, path: Path) -> Seen:
        raise NotImplementedError
