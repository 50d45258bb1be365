"""Catalog: the checkpoints under the folders of models, kept up to date by the folders' times."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.catalog import diffusers_folder
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.errors import NotFound

DEPTH = 3  # folders below a models folder that are looked into
STARTER = "starter"

Fingerprint = tuple[tuple[str, int, int], ...]  # (path, change time in ns, size) of each file


class Catalog:
    """May be asked from any thread. A folder is read again only when one of its files has changed."""

    def __init__(self, models_dirs: Iterable[Path]) -> None:
        self._models_dirs = tuple(models_dirs)
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[Fingerprint, Checkpoint]] = {}
        self.usable_names: tuple[str, ...] = ()  # as of the last look, for those who must not wait

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """All that are there, by name; those with a problem too, so that the page can say it."""
        with self._lock:
            found = {path: self._look(path, models) for path, models in self._folders()}
            self._read = {path: self._read[path] for path in found}
        unique: dict[str, Checkpoint] = {}
        for path, checkpoint in found.items():
            if checkpoint.name in unique:
                name = f"{path.parent.name}/{path.name}"
                checkpoint = dataclasses.replace(checkpoint, name=name)
            unique.setdefault(checkpoint.name, checkpoint)
        checkpoints = tuple(sorted(unique.values(), key=lambda one: one.name.casefold()))
        self.usable_names = tuple(one.name for one in checkpoints if not one.problem)
        return checkpoints

    def find(self, name: str | None) -> Checkpoint:
        """The checkpoint of this name; None: the first usable one that is not the starter model, else that.

        Raises NotFound, or ModelUnreadable when it is there but has a problem.
        """
        checkpoints = self.checkpoints()
        if name is None:
            usable = [one for one in checkpoints if not one.problem]
            usable.sort(key=lambda one: one.is_starter)
            if not usable:
                raise NotFound(*_nothing(self._models_dirs, checkpoints))
            return usable[0]
        for checkpoint in checkpoints:
            if checkpoint.name == name:
                checkpoint.ref()
                return checkpoint
        known = ", ".join(one.name for one in checkpoints) or "none"
        raise NotFound(f"There is no checkpoint {name[:100]}.", f"Those that are there: {known}.")

    def _look(self, folder: Path, models_dir: Path) -> Checkpoint:
        fingerprint = tuple(_fingerprint(folder))
        known = self._read.get(folder)
        if known is None or known[0] != fingerprint:
            is_starter = folder.name == STARTER and folder.parent == models_dir
            checkpoint = diffusers_folder.read(folder, folder.name, is_starter=is_starter)
            self._read[folder] = (fingerprint, checkpoint)
        return self._read[folder][1]

    def _folders(self) -> Iterator[tuple[Path, Path]]:
        """(folder of a checkpoint, models folder that it lies in)."""
        for models_dir in self._models_dirs:
            for path, names, files in os.walk(models_dir, followlinks=True):
                depth = len(Path(path).relative_to(models_dir).parts)
                is_checkpoint = diffusers_folder.INDEX in files
                if is_checkpoint:
                    yield Path(path), models_dir
                if is_checkpoint or depth >= DEPTH:
                    names.clear()
                names[:] = sorted(name for name in names if not name.startswith("."))


def _fingerprint(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path, _, files in os.walk(folder, followlinks=True):
        for name in sorted(files):
            try:
                found = os.stat(os.path.join(path, name))
            except OSError:
                continue
            yield os.path.join(path, name), found.st_mtime_ns, found.st_size


def _nothing(models_dirs: Iterable[Path], found: tuple[Checkpoint, ...]) -> tuple[str, str]:
    where = ", ".join(str(folder) for folder in models_dirs)
    broken = "; ".join(f"{one.name}: {one.problem}" for one in found)
    return (
        f"There is no usable checkpoint in {where}." + (f" ({broken})" if broken else ""),
        "Put a diffusers folder of a Stable Diffusion 1.x model there.",
    )
