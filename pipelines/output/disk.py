"""Files that are whole or not there: claim a name, write `<name>.part`, make it durable, rename; never overwrite.

Whoever wants a name first creates its .part exclusively and then looks whether the name itself is taken. So two
writers cannot both get it, on file systems with and without hard links, and a reader never sees half a file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.errors import DiskFull

PART = ".part"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def part_of(final: Path) -> Path:
    return final.with_name(final.name + PART)


def claim(folder: Path, names: Iterable[str]) -> Path:
    """Reserves the first name that is free in the folder, which is made; `part_of` it now exists, empty."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
    for name in names:
        final = folder / name
        try:
            part_of(final).open("xb").close()
        except FileExistsError:
            continue
        if not os.path.lexists(final):
            return final
        part_of(final).unlink(missing_ok=True)
    raise FileExistsError(f"every name is taken in {folder}")


def write_part(final: Path, data: bytes) -> None:
    """Fills the .part of a claimed name and waits until it is on the disk."""
    with part_of(final).open("rb+") as file:
        file.write(data)
    sync_file(part_of(final))


def publish(final: Path) -> None:
    """Gives the .part its name, for good."""
    part_of(final).rename(final)
    sync_folder(final.parent)


def move(source: Path, folder: Path, names: Iterable[str]) -> Path:
    """Moves a file into a folder of the same disk, under the first name that is free there."""
    final = claim(folder, names)
    try:
        source.rename(final)
    finally:
        part_of(final).unlink()
    sync_folder(folder)
    sync_folder(source.parent)
    return final


def rewrite(path: Path, data: bytes) -> None:
    """Puts other bytes into a file, whole and for good; its folder is made. Raises OSError; then it is as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    try:
        part.write_bytes(data)
        sync_file(part)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Waits until the bytes of a file are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Makes names in a folder durable; Windows does so by itself and opens no folders."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def failures_named(folder: Path) -> Iterator[None]:
    """Turns whatever the disk refuses, to us or to SQLite, into DiskFull with the folder and its free bytes."""
    try:
        yield
    except OSError as error:
        raise disk_full(folder, error.errno in NO_SPACE, error) from error
    except sqlite3.OperationalError as error:
        raise disk_full(folder, error.sqlite_errorcode == sqlite3.SQLITE_FULL, error) from error


def disk_full(folder: Path, is_full: bool, error: Exception) -> DiskFull:
    free_bytes = _free_bytes(folder)
    if is_full:
        what = f"The disk is full: {free_bytes:,} bytes are free in {folder}."
        return DiskFull(what, "Make room there, then try again.", free_bytes=free_bytes)
    what = f"Cannot write into {folder}: {getattr(error, 'strerror', None) or error}."
    return DiskFull(
        what, "Check that the folder is there and may be written.", free_bytes=free_bytes
    )


def _free_bytes(folder: Path) -> int:
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(place).free
    return 0
