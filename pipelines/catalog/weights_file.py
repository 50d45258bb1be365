"""Is this a whole safetensors file? Told from its size and header alone, in milliseconds, without torch.

The format (https://github.com/huggingface/safetensors): 8 bytes length of the header, little-endian; the header, a
JSON object of tensors with their place; then the bytes of the tensors, without gaps, to the end of the file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEADER_BYTES_MAX = 32 * 2**20
TENSORS_MAX = 100_000
NAME_CHARACTERS_MAX = 1000  # the longest in use have about 150
DIMENSIONS_MAX = 16
BITS = {
    **dict.fromkeys(("F64", "I64", "U64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 8),
}
NOT_WEIGHTS = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself"),
    (b"<", "is a web page, not weights; the download went wrong"),
    (b"PK\x03\x04", "is a pickle or a zip archive, not safetensors"),
    (b"\x80", "is a pickle, not safetensors"),
    (b"{", "is text (JSON), not weights"),
)


class Damaged(Exception):
    """What is wrong with a file, as the end of a sentence that begins with its name."""


class CutOff(Damaged):
    """The file ends too early, as one does that is still being copied."""


@dataclass(frozen=True)
class Header:
    """All that a safetensors file says of itself before its numbers."""

    shapes: dict[str, tuple[int, ...]]  # by the tensor's name
    metadata: dict[str, str]
    dtypes: frozenset[str]
    bytes: int  # of the header itself; after them the tensors begin


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor. Raises Damaged when the file cannot be what it should be."""
    return read_header(path).shapes


def read_header(path: Path) -> Header:
    """Raises Damaged when the file cannot be what it should be."""
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            begin = file.read(64)
            header_bytes = _header_length(begin, size_bytes)
            file.seek(8)
            text = file.read(header_bytes)
    except OSError as error:
        raise Damaged(f"cannot be read ({error.strerror})") from error
    if len(text) < header_bytes:  # it has become shorter meanwhile
        raise CutOff(f"ends inside its header, after {8 + len(text):,} bytes; it was cut off")
    values = _parse(text)
    metadata = _texts(values.pop("__metadata__", None))
    tensors = _tensors(values)
    _check_places(tensors, size_bytes - 8 - header_bytes)
    return Header(
        {name: tuple(row["shape"]) for name, row in tensors.items()},
        metadata,
        frozenset(str(row.get("dtype")) for row in tensors.values()),
        8 + header_bytes,
    )


def _header_length(begin: bytes, size_bytes: int) -> int:
    if not begin:
        raise CutOff("is empty")
    if begin[8:9] != b"{":  # else these bytes are a length, and may look like anything
        for magic, what in NOT_WEIGHTS:
            if begin.lstrip().startswith(magic):
                raise Damaged(what)
    length_bytes = int.from_bytes(begin[:8], "little")
    if length_bytes > HEADER_BYTES_MAX:
        raise Damaged(f"is no safetensors file: its header would be {length_bytes:,} bytes long")
    if length_bytes + 8 > size_bytes:
        raise CutOff(f"ends inside its header, after {size_bytes:,} bytes; it was cut off")
    return length_bytes


def _parse(text: bytes) -> dict[str, Any]:
    if not text.strip(b"\0"):  # some programs reserve the whole file first and fill it afterwards
        raise CutOff("holds nothing but zeros where its header belongs; it was not copied whole")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged("has a damaged header (no JSON)") from error
    if not isinstance(values, dict):
        raise Damaged("has a damaged header (no object)")
    return values


def _texts(metadata: Any) -> dict[str, str]:
    """What of the metadata is text, as all of it should be."""
    items = metadata.items() if isinstance(metadata, dict) else ()
    return {key: value for key, value in items if isinstance(value, str)}


def _tensors(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if len(values) > TENSORS_MAX:
        raise Damaged(f"lists {len(values):,} tensors, more than any model has")
    for name, row in values.items():
        # Names are searched as lines of one text, so a line break would be a name of its own, thousands of times.
        is_name = len(name) <= NAME_CHARACTERS_MAX and "\n" not in name
        if not is_name or not _is_sound(row):
            raise Damaged(f"has a damaged header at {_shown(name)}")
    return values


def _shown(name: str) -> str:
    """A tensor's name as it may stand in a sentence, whatever is in it."""
    return "".join(c if c.isprintable() else "?" for c in name[:80])


def _is_sound(row: Any) -> bool:
    """Whether a tensor's entry has a shape and a place that fit one another."""
    if not isinstance(row, dict):
        return False
    shape, place = _sizes(row.get("shape")), _sizes(row.get("data_offsets"))
    if shape is None or place is None or len(place) != 2 or len(shape) > DIMENSIONS_MAX:
        return False
    bits = BITS.get(str(row.get("dtype")))
    return bits is None or math.prod(shape) * bits == (place[1] - place[0]) * 8


def _sizes(values: Any) -> list[int] | None:
    """The values when they are a list of whole numbers of a sensible size."""
    if isinstance(values, list) and all(type(v) is int and 0 <= v < 2**48 for v in values):
        return values
    return None


def _check_places(tensors: dict[str, dict[str, Any]], data_bytes: int) -> None:
    end = 0
    for begin, stop, name in sorted((*row["data_offsets"], name) for name, row in tensors.items()):
        if begin != end or stop < begin:
            raise Damaged(f"has a gap or an overlap at {_shown(name)}")
        end = stop
    if end > data_bytes:
        raise CutOff(f"was cut off: {end:,} bytes of weights belong there, {data_bytes:,} are")
    if end < data_bytes:
        raise Damaged(f"has {data_bytes - end:,} bytes too many at its end")
