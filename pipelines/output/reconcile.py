"""Brings the index in line with the files, which are the truth: after a kill, a lost index or a tidied-up folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pipelines.output import infotext, metadata
from pipelines.output.disk import PART
from pipelines.output.index import Index
from pipelines.output.ledger import Entry, Ledger
from pipelines.output.record import PictureRecord

TRASH = ".trash"
GRIDS = "grids"  # pictures of pictures, which are none of their own
PICTURE_SUFFIXES = (".png", ".webp", ".jpg", ".jpeg")
ROWS_A_COMMIT = 500


@dataclass(frozen=True)
class Reconciled:
    """What was found amiss: unfinished files removed, files indexed, rows without a file dropped."""

    parts_removed: int
    indexed: int
    dropped: int


def reconcile(
    output_dir: Path, index: Index, ledger: Ledger, now: float, roots: tuple[str, ...] = ()
) -> Reconciled:
    """`now` becomes the time of trashing for files that are found in the trash.

    `roots`: of the folders of other programs; their rows are not looked at, those of any other such folder dropped.
    """
    there, parts = set(), 0
    for path in _files(output_dir):
        if path.name.endswith(PART):
            with contextlib.suppress(OSError):  # a start must not fail for it
                path.unlink()
                parts += 1
        elif path.suffix.lower() in PICTURE_SUFFIXES:
            there.add(path.relative_to(output_dir).as_posix())
    beginnings = tuple(f"{root}/" for root in roots)
    known = {file: key for file, key in index.files().items() if not file.startswith(beginnings)}
    gone = known.keys() - there
    index.remove(*(known[file] for file in gone))
    taken = {known[file] for file in known.keys() & there}
    orphans = sorted(there - known.keys())
    entries = ledger.read() if orphans else {}
    indexed = 0
    for start in range(0, len(orphans), ROWS_A_COMMIT):
        records = []
        for file in orphans[start : start + ROWS_A_COMMIT]:
            record = _read(output_dir, file, taken, entries)
            if record:
                records.append(
                    replace(record, trashed=now if file.startswith(f"{TRASH}/") else None)
                )
                taken.add(record.id)
        index.add(*records)
        indexed += len(records)
    return Reconciled(parts, indexed, len(gone))


def _files(output_dir: Path) -> Iterator[Path]:
    """Every file, no links, no grids, and of the hidden folders only our trash."""
    for folder, below, names in os.walk(output_dir):
        is_top = Path(folder) == output_dir
        below[:] = [name for name in below if name[0] != "." or (is_top and name == TRASH)]
        if is_top and GRIDS in below:
            below.remove(GRIDS)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                yield path


def _read(
    output_dir: Path, file: str, taken: set[str], entries: dict[str, Entry]
) -> PictureRecord | None:
    """The record of a file from what it says itself and whose the ledger says it is; None if it is no picture."""
    seen = look(output_dir / file)
    try:
        key = _id_of(file)
    except ValueError:
        return None
    if seen is None:
        return None
    own = seen.embedded.details.id
    is_ours = bool(own) and own not in taken  # a copy of a picture is a stranger
    key = own if is_ours else key
    return describe(seen, file, entries.get(key, Entry(key)))


class Seen(NamedTuple):
    """A picture file from outside. `changed`: seconds since the epoch."""

    embedded: metadata.Embedded
    width: int
    height: int
    bytes: int
    changed: float


def look(path: Path) -> Seen | None:
    """What a file says itself, without decoding a pixel; None if it is no picture."""
    try:
        embedded, size = metadata.read(path)
        status = path.stat()
    except (OSError, ValueError):
        return None
    return Seen(embedded, *size, status.st_size, status.st_mtime)


def describe(seen: Seen, file: str, entry: Entry) -> PictureRecord:
    """The record of a file; `entry` says its id and whose it is."""
    request, details = seen.embedded.request, seen.embedded.details
    said = infotext.read(seen.embedded.parameters)
    return PictureRecord(
        id=entry.id,
        owner=entry.owner,
        job_id=entry.job_id,
        index=entry.index,
        file=file,
        width=seen.width,
        height=seen.height,
        bytes=seen.bytes,
        created=details.created or seen.changed,
        seed=request.seed if request and request.seed >= 0 else None,
        prompt=request.prompt if request else said["Prompt"],
        negative_prompt=request.negative_prompt if request else said["Negative prompt"],
        checkpoint=(request and request.checkpoint) or said.get("Model", ""),
        sampler=(request and request.sampling.sampler) or said.get("Sampler", ""),
        request=request,
        parameters=seen.embedded.parameters,
        seconds=details.seconds,
        device=details.device,
        licences=details.licences,
        dtype=details.dtype,
        applied=details.applied,
    )


def _id_of(file: str) -> str:
    """The same at every rebuild while the file keeps its place. ValueError if no text can hold the name."""
    return hashlib.blake2s(file.encode(), digest_size=16).hexdigest()
