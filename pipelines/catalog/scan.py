"""A look at the folders of models: which files and folders could be models, and when they were changed.

Nothing is opened; two looks that are equal mean that nothing has to be read again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog.beside import ENDINGS, is_licence
from pipelines.catalog.diffusers_folder import INDEX
from pipelines.catalog.facts import FACTS
from pipelines.catalog.single_file import SAFETENSORS, UNREAD
from pipelines.catalog.vaes import CONFIG, FOLDER_STEM

DEPTH = 6  # folders below a models folder that are looked into
SUFFIXES = (SAFETENSORS, *UNREAD)
LOADED_OF_FILES = (SAFETENSORS, ".yaml")
LOADED_OF_FOLDERS = (SAFETENSORS, ".json", ".txt")
VERSION_DIGITS = 16

Stamp = tuple[int, int, int]  # (change time in ns, size, inode)


@dataclass(frozen=True)
class Found:
    """A file of weights, or a folder in the layout of diffusers. `stamps`: of each file that belongs to it."""

    path: str
    models_dir: str
    is_folder: bool
    stamps: tuple[tuple[str, Stamp], ...]

    @property
    def version(self) -> str:
        """Another one whenever what is loaded has changed; notes and pictures beside it do not count."""
        endings = LOADED_OF_FOLDERS if self.is_folder else LOADED_OF_FILES
        loaded = [
            (path, stamp)
            for path, stamp in self.stamps
            if path.endswith(endings) and os.path.basename(path) != FACTS
        ]
        return hashlib.sha256(repr(loaded).encode()).hexdigest()[:VERSION_DIGITS]


def scan(models_dirs: Iterable[Path]) -> tuple[Found, ...]:
    """Everything there, in a steady order; a models folder may also be a single file.

    What is reached twice, by links or flags, is seen once.
    """
    seen: set[str] = set()
    return tuple(
        found for folder in models_dirs for found in _below(str(folder), str(folder), DEPTH, seen)
    )


def _below(folder: str, models_dir: str, depth: int, seen: set[str]) -> Iterator[Found]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    try:
        entries = {entry.name: entry for entry in os.scandir(folder) if entry.name[0] != "."}
    except NotADirectoryError:
        yield from _single(folder, seen)
        return
    except OSError:  # it is not there, or not ours to read
        return
    seen.add(real)
    if INDEX in entries:
        yield Found(folder, models_dir, True, tuple(_stamps_in(folder)))
        return
    # Of two files of one name the one that can be read comes first.
    names = sorted(entries, key=lambda name: (not name.lower().endswith(SAFETENSORS), name))
    weights = [name for name in names if name.lower().endswith(SUFFIXES)]
    # A licence of the folder is that of the one model in it; of several it might mean any.
    licences = [name for name in names if is_licence(name)] if len(weights) == 1 else []
    for name in weights:
        stamps = tuple(_stamps_of(name, licences, entries))
        if stamps and _is_new(entries[name], os.path.join(real, name), seen):
            yield Found(os.path.join(folder, name), models_dir, False, stamps)
    for name in names:
        if depth and _is_folder(entries[name]):
            yield from _below(entries[name].path, models_dir, depth - 1, seen)


def _single(path: str, seen: set[str]) -> Iterator[Found]:
    """A file that was named itself, without the folder around it."""
    stem, suffix = os.path.splitext(path)
    real = os.path.realpath(path)
    if real in seen or suffix.lower() not in SUFFIXES:
        return
    seen.add(real)
    stamps = tuple(_stamps_at((path, *(stem + ending for ending in ENDINGS))))
    if stamps:
        yield Found(path, os.path.dirname(path), False, stamps)


def _is_new(entry: os.DirEntry[str], path: str, seen: set[str]) -> bool:
    """Whether no other way has led to this file. `path` is its real path, unless it is a link."""
    real = os.path.realpath(path) if entry.is_symlink() else path
    if real in seen:
        return False
    seen.add(real)
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _stamps_of(
    name: str, licences: list[str], entries: dict[str, os.DirEntry[str]]
) -> Iterator[tuple[str, Stamp]]:
    """Of a file and of those beside it that say more of it; none when it is no file or just gone."""
    stem = os.path.splitext(name)[0]
    config = (CONFIG,) if stem.startswith(FOLDER_STEM) else ()
    for own in (name, *config, *(stem + ending for ending in ENDINGS), *licences):
        entry = entries.get(own)
        try:
            if entry is not None and entry.is_file():
                yield own, _stamp(entry.stat())
            elif own == name:
                return
        except OSError:
            if own == name:
                return


def _stamps_in(folder: str) -> Iterator[tuple[str, Stamp]]:
    """Of every file of a diffusers folder."""
    for path, folders, files in os.walk(folder, followlinks=True):
        if path.count(os.sep) - folder.count(os.sep) >= DEPTH:
            folders.clear()
        yield from _stamps_at(os.path.join(path, name) for name in sorted(files))


def _stamps_at(paths: Iterable[str]) -> Iterator[tuple[str, Stamp]]:
    for path in paths:
        try:
            yield path, _stamp(os.stat(path))
        except OSError:
            continue


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino
