"""Pictures of other programs, in the Library where they lie: found and read, never moved, changed or deleted.

A folder of theirs is a Source. Its pictures have rows in the index like our own, under a `file` that begins with the
root of the source; what is in sight of the Library changes, the folder never.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.output.index import Index
from pipelines.output.ledger import Entry, Ledger
from pipelines.output.reconcile import PICTURE_SUFFIXES, describe, look
from pipelines.output.record import FOREIGN, PictureRecord

ROWS_A_COMMIT = 100
SKIPPED = ("thumbnails", "$recycle.bin", "@eadir")  # small copies, and what systems put beside

Tell = Callable[[int, int], None]  # (pictures read, pictures there)
FileId = tuple[str, str]  # (file as in a record, id of a record)


@dataclass(frozen=True)
class Source:
    """A folder of pictures, by its real path, the program that has made them, and names that are left out."""

    program: str
    folder: Path
    left_out: frozenset[str] = frozenset()

    @property
    def root(self) -> str:
        """What the `file` of its records begins with; no folder of ours is called so."""
        digest = hashlib.blake2s(os.fsencode(self.folder), digest_size=6).hexdigest()
        return f"{FOREIGN}/{self.program}/{digest}"

    def path(self, file: str) -> Path:
        return self.folder / file.removeprefix(f"{self.root}/")


def take_in(
    sources: tuple[Source, ...],
    index: Index,
    ledger: Ledger,
    tell: Tell,
    is_over: Callable[[], bool],
) -> None:
    """Reads what is new or changed since the last time, and forgets what is gone. `tell` hears of the progress."""
    known = index.files()
    waiting: list[tuple[Source, FileId]] = []
    there: dict[str, str] = {}
    for source in sources:
        for file, key in _pictures(source):
            if is_over():
                return
            there[file] = key
            if known.get(file) != key:
                waiting.append((source, (file, key)))
    roots = tuple(f"{source.root}/" for source in sources)
    gone = [
        known[file] for file in known if file.startswith(roots) and known[file] != there.get(file)
    ]
    index.remove(*gone)
    entries = ledger.read() if waiting else {}
    read = len(there) - len(waiting)
    tell(read, len(there))
    for start in range(0, len(waiting), ROWS_A_COMMIT):
        if is_over():
            return
        rows = waiting[start : start + ROWS_A_COMMIT]
        index.add(*_records(rows, entries))
        read += len(rows)
        tell(read, len(there))


def _records(
    rows: list[tuple[Source, FileId]], entries: dict[str, Entry]
) -> Iterator[PictureRecord]:
    for source, (file, key) in rows:
        entry = entries.get(key, Entry(key))
        seen = look(source.path(file))
        if seen:
            yield replace(describe(seen, file, entry), trashed=entry.hidden)


def _pictures(source: Source) -> Iterator[FileId]:
    """Every picture below the folder; no links, nothing hidden.

    The id is another one once a file is another one: programs give a name again that has become free.
    """
    waiting = [str(source.folder)]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # not ours to read
            continue
        for entry in entries:
            name = entry.name.lower()
            if name.startswith(".") or name in SKIPPED or entry.name in source.left_out:
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif name.endswith(PICTURE_SUFFIXES) and entry.is_file(follow_symlinks=False):
                    yield _identified(source, entry)
            except (OSError, ValueError):  # just gone, or a name that no text can hold
                continue


def _identified(source: Source, entry: os.DirEntry[str]) -> FileId:
    status = entry.stat(follow_symlinks=False)
    place = Path(entry.path).relative_to(source.folder).as_posix()
    file = f"{source.root}/{place}"
    stamp = f"{file}|{status.st_size}|{status.st_mtime_ns}"
    return file, hashlib.blake2s(stamp.encode(), digest_size=16).hexdigest()
