"""A file of safetensors copied with other texts in its header; its tensors are neither read nor changed.

The format: eight bytes length of the header, the header as JSON, the tensors: see catalog/weights_file.py.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from pipelines.catalog.weights_file import read_header

ALIGNMENT_BYTES = 8
CHUNK_BYTES = 4 * 2**20
METADATA = "__metadata__"
# Of all that stands behind the header: ModelSpec's name for it, and that of kohya's trainer.
HASHES = {"modelspec.hash_sha256": "0x{}", "sshs_model_hash": "{}"}


def with_texts(source: Path, target: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """Writes the file anew, with these texts and the hash of its tensors; what it then says. It is on the disk.

    Raises Damaged when the source is no whole file of safetensors, and OSError.
    """
    known = read_header(source)
    digest = _digest(source, known.bytes)
    hashes = {name: form.format(digest) for name, form in HASHES.items()}
    texts = known.metadata | dict(changes) | hashes
    with source.open("rb") as file, target.open("wb") as copy:
        tensors = json.loads(file.read(known.bytes)[8:])
        tensors.pop(METADATA, None)
        begin = json.dumps({METADATA: texts, **tensors}, separators=(",", ":")).encode()
        begin += b" " * (-len(begin) % ALIGNMENT_BYTES)
        copy.write(len(begin).to_bytes(8, "little") + begin)
        _each_chunk(file, copy.write)
        copy.flush()
        os.fsync(copy.fileno())
    return texts


def _digest(path: Path, start: int) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        _each_chunk(file, found.update)
    return found.hexdigest()


def _each_chunk(file: BinaryIO, take: Callable[[bytes], object]) -> None:
    while chunk := file.read(CHUNK_BYTES):
        take(chunk)
