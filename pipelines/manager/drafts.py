"""Held drafts on disk: the state from which each goes on, and its last preview, until somebody has chosen.

`data/kept/states/<job>/<index>` is a serialised sampling state, `<index>.jpg` what the contact sheet shows.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pipelines.output.disk import PART, failures_named, part_of, sync_file, sync_folder


class Drafts:
    """The folder of held drafts."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "kept" / "states"

    def write(self, job_id: str, index: int, state: bytes, preview: bytes | None) -> None:
        """Both files are whole and on the disk when this returns. Raises DiskFull."""
        folder = self._folder / job_id
        with failures_named(self._folder):
            folder.mkdir(parents=True, exist_ok=True)
            _write_whole(folder / str(index), state)
            if preview:
                _write_whole(folder / f"{index}.jpg", preview)
            sync_folder(folder)

    def state(self, job_id: str, index: int) -> bytes | None:
        return _read(self._folder / job_id / str(index))

    def preview(self, job_id: str, index: int) -> bytes | None:
        return _read(self._folder / job_id / f"{index}.jpg")

    def drop(self, job_id: str, indexes: Iterable[int]) -> None:
        """Deletes these drafts; those that are not there do not matter."""
        for index in indexes:
            (self._folder / job_id / str(index)).unlink(missing_ok=True)
            (self._folder / job_id / f"{index}.jpg").unlink(missing_ok=True)

    def drop_all(self, job_id: str) -> None:
        shutil.rmtree(self._folder / job_id, ignore_errors=True)

    def drop_others(self, job_ids: Iterable[str]) -> None:
        """At start: deletes the drafts of jobs that no longer exist, and what a crash left half-written."""
        known = set(job_ids)
        for folder in self._folder.glob("*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
        for part in self._folder.glob(f"*/*{PART}"):
            part.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write_whole(path: Path, data: bytes) -> None:
    part = part_of(path)
    try:
        part.write_bytes(data)
        sync_file(part)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
