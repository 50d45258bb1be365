"""Place: where something of another program's lies; and reading its small files, in which anything may stand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

MODELS, EMBEDDINGS, STYLES, WILDCARDS, OUTPUTS = (
    "models",
    "embeddings",
    "styles",
    "wildcards",
    "outputs",
)
UNREAD = "unread"  # the use of a file of settings that cannot be read
TEXT_BYTES_MAX = 2**20
DEPTH_MAX = 8  # of the groups in a file of settings


class Place(NamedTuple):
    """A folder, or a file of styles. `said_by`: which of its settings names it; "": it lies there by custom."""

    use: str
    path: Path
    said_by: str = ""


def resolved(root: Path, text: str) -> Path:
    """A path as it stands in settings: with ~ and variables, relative to `root`."""
    return Path(os.path.abspath(root / os.path.expanduser(os.path.expandvars(text.strip()))))


def read_text(path: Path) -> str | None:
    """The text of a small file; None when there is none that can be read."""
    try:
        with path.open("rb") as file:
            data = file.read(TEXT_BYTES_MAX + 1)
    except OSError:
        return None
    return data.decode("utf-8-sig", "replace") if len(data) <= TEXT_BYTES_MAX else None


def read_values(path: Path) -> dict[str, Any] | None:
    """The mapping in a JSON or YAML file; None when there is none that can be read."""
    text = read_text(path)
    if text is None:
        return None
    try:
        values = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    return values if isinstance(values, dict) else None


def texts_in(values: Any, depth: int = DEPTH_MAX) -> Iterator[tuple[str, str]]:
    """(key, text) of every text in nested mappings, those of the same name included."""
    if isinstance(values, dict) and depth:
        for key, value in values.items():
            if isinstance(value, str) and value.strip():
                yield str(key), value
            else:
                yield from texts_in(value, depth - 1)
