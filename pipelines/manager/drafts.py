"""Half-done pictures on disk, drafts and paused ones: all that each needs to go on as if it had never stopped.

`data/kept/states/<job>/<index>` is a serialised sampling state, `<index>.jpg` its last preview, `<index>.npz` what
was kept of its steps so far.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.output.disk import PART, failures_named, part_of, sync_file, sync_folder
from pipelines.output.kept import as_arrays, from_arrays
from pipelines.worker.messages import KeptStep


@dataclass(frozen=True)
class Past:
    """What was kept of a picture's steps so far, and the seconds that they took."""

    kept: tuple[KeptStep, ...] = ()
    seconds: float = 0.0

    def then(self, later: Past) -> Past:
        """Both together; a step that was taken again counts once."""
        steps = {one.step: one for one in (*self.kept, *later.kept)}
        return Past(tuple(steps[step] for step in sorted(steps)), self.seconds + later.seconds)


@dataclass(frozen=True)
class Draft:
    """A half-done picture. `past`: since it was last written."""

    state: bytes
    preview: bytes | None = None
    past: Past = Past()


class Drafts:
    """The folder of half-done pictures."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "kept" / "states"

    def write(self, job_id: str, index: int, draft: Draft) -> None:
        """All of it is whole and on the disk when this returns. Raises DiskFull."""
        folder = self._folder / job_id
        past = self.past(job_id, index).then(draft.past)
        with failures_named(self._folder):
            folder.mkdir(parents=True, exist_ok=True)
            _write_whole(folder / f"{index}.npz", _packed(past))
            if draft.preview:
                _write_whole(folder / f"{index}.jpg", draft.preview)
            _write_whole(folder / str(index), draft.state)
            sync_folder(folder)

    def has(self, job_id: str, index: int) -> bool:
        """Whether this picture can go on from somewhere."""
        return (self._folder / job_id / str(index)).is_file()

    def state(self, job_id: str, index: int) -> bytes | None:
        return _read(self._folder / job_id / str(index))

    def preview(self, job_id: str, index: int) -> bytes | None:
        return _read(self._folder / job_id / f"{index}.jpg")

    def past(self, job_id: str, index: int) -> Past:
        """Nothing, for a picture that has not been here or whose file cannot be read: its strip is a luxury."""
        return _unpacked(_read(self._folder / job_id / f"{index}.npz"))

    def drop(self, job_id: str, indexes: Iterable[int]) -> None:
        """Deletes these drafts; those that are not there do not matter."""
        for index in indexes:
            for name in (f"{index}", f"{index}.jpg", f"{index}.npz"):
                (self._folder / job_id / name).unlink(missing_ok=True)

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


def _packed(past: Past) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, seconds=past.seconds, **as_arrays(past.kept))
    return stream.getvalue()


def _unpacked(data: bytes | None) -> Past:
    if data is None:
        return Past()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return Past(from_arrays(arrays), float(arrays["seconds"]))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return Past()


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
