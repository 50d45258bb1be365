"""Guide pictures on disk, ready for the worker: made when a job is submitted, so that it needs the upload no more.

Each lies under a name made of all that decides it, so jobs that ask for the same one share it. What no job has used
for a month is removed at the next start.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from pipelines.guiding.guides import Control
from pipelines.guiding.preprocessing import Picture, Size, opaque, prepared
from pipelines.output.disk import PART, claim, failures_named, part_of, sync_folder, write_part
from pipelines.output.png import png_bytes

EDITION = 1  # another one when the same request gives other pixels
KEPT_SECONDS = 30 * 86_400.0
PROMPT_PX = 1024  # the longer side of an image prompt; its encoder looks at 224 pixels
SHAPING = ("image", "resize", "preprocessor")  # the fields that decide a control's pixels


class Prepared:
    """The folder of prepared pictures, swept when this object is made: once, at start."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "guides"
        self._sweep()

    def control(self, control: Control, size: Size) -> Path:
        """Where the picture of this control lies, or will lie."""
        shaping = {name: value for name, value in asdict(control).items() if name in SHAPING}
        return self.place({**shaping, "size": size})

    def prompt(self, image: str) -> Path:
        """Where the picture of an image prompt lies, or will lie."""
        return self.place({"image": image})

    def make_control(self, upload: Path, control: Control, size: Size) -> Path:
        """Makes it from the upload if it is not there. Raises DiskFull or OSError."""
        return self._made(
            self.control(control, size), upload, lambda given: prepared(given, control, size)
        )

    def make_prompt(self, upload: Path, image: str) -> Path:
        """Likewise."""
        return self._made(self.prompt(image), upload, _at_most)

    def place(self, facts: dict[str, object]) -> Path:
        """Where the picture lies, or will lie, that is decided by these facts."""
        text = json.dumps({"edition": EDITION, **facts}, sort_keys=True)
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.png"

    def _made(self, path: Path, upload: Path, make: Callable[[Picture], Picture]) -> Path:
        if not is_used(path):
            with Image.open(upload) as picture:
                self.keep(path, make(picture))
        return path

    def keep(self, path: Path, picture: Picture) -> None:
        """Writes a picture to the place of its facts; it is whole and on the disk then. Raises DiskFull."""
        data = png_bytes(picture)
        with failures_named(self._folder):
            own = claim(self._folder, [secrets.token_hex(16)])
            try:
                write_part(own, data)
                part_of(own).replace(path)
            finally:
                part_of(own).unlink(missing_ok=True)
            sync_folder(self._folder)

    def _sweep(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        for path in self._folder.glob("*"):
            if path.suffix == PART or path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def is_used(path: Path) -> bool:
    """Whether it is there; it now counts as used."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _at_most(picture: Picture) -> Picture:
    """RGB, made smaller if it is larger than anybody will look at."""
    plain = opaque(picture)
    plain.thumbnail((PROMPT_PX, PROMPT_PX), Image.Resampling.LANCZOS)
    return plain
