"""What pictures were made from, kept beside them: `.sources/` in the output folder, each file under its asset's id.

So a picture can be made again from what it says about itself, also when the upload was swept or the data folder is
lost. The id is made of the pixels, so equal sources are one file, and whoever reads one can tell whether it is still
the picture that it was.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Set
from pathlib import Path

from pipelines.output.disk import PART, part_of, sync_file, sync_folder

FOLDER = ".sources"
DAY_SECONDS = 86_400.0
KEPT_SECONDS = 30 * DAY_SECONDS  # as long as a picture lies in the trash


class Sources:
    """The sources of all pictures in one output folder, which several servers may share."""

    def __init__(self, output_dir: Path) -> None:
        self._folder = output_dir / FOLDER

    def path(self, asset_id: str) -> Path:
        """Where it lies, or would lie."""
        return self._folder / asset_id[:2] / f"{asset_id}.png"

    def keep(self, asset_path: Path, asset_id: str) -> None:
        """Durable when it returns; costs no room where both lie on one disk. Raises OSError."""
        final = self.path(asset_id)
        if final.exists():
            os.utime(final)
            return
        for folder in (self._folder, final.parent):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                sync_folder(folder.parent)
        part = part_of(final.with_name(secrets.token_hex(16)))
        try:
            _link_or_copy(asset_path, part)
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(final.parent)

    def sweep(self, used: Set[str], now: float) -> None:
        """Removes what a kill left behind, and what for 30 days no start has found a picture of.

        Not at once: pictures may be away for a while, and another server may be about to save one.
        """
        for path in self._files():
            with contextlib.suppress(OSError):  # a start must not fail for it
                age_seconds = now - path.stat().st_mtime
                if path.suffix != PART and path.stem in used:
                    if age_seconds > DAY_SECONDS:
                        os.utime(path, (now, now))
                elif age_seconds > (DAY_SECONDS if path.suffix == PART else KEPT_SECONDS):
                    path.unlink()

    def _files(self) -> Iterator[Path]:
        return self._folder.glob("*/*")


def _link_or_copy(source: Path, target: Path) -> None:
    """A second name for the file, which nobody changes; where the disk has none to give, a copy that is durable."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
        sync_file(target)
