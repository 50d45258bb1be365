"""Files of wildcards: `wildcards/animals/cats.txt` is `__animals/cats__`, a line a value; YAML and JSON hold more.

Names come from strangers' prompts, so they are looked up among what was found, and never become a path.
"""

from __future__ import annotations

import fnmatch
import json
import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both build plain values only
LIST, TREE = (".txt",), (".yaml", ".yml", ".json")
FILES_MAX = 20_000
FILE_BYTES_MAX = 16 * 2**20
VALUES_MAX = 200_000  # of one file
VALUE_CHARACTERS_MAX = 10_000
DEPTH_MAX = 16  # of a tree
PATTERN_MAX = 200
STARS_MAX = 6

Weighted = tuple[str, float]
Stamp = tuple[int, int]


@dataclass(frozen=True)
class Wildcard:
    """A name, and the values that it may become, each with its weight."""

    name: str
    values: tuple[Weighted, ...]

    @property
    def is_weighted(self) -> bool:
        return any(weight != 1.0 for _, weight in self.values)


class WildcardFiles:
    """Those of all these folders; of two of one name the first counts. May be asked from any thread."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._lock = threading.Lock()
        self._read: dict[tuple[Path, Path], tuple[Stamp, tuple[Wildcard, ...]]] = {}

    def all(self) -> Mapping[str, Wildcard]:
        """By name, as the files are now."""
        with self._lock:
            seen = dict(self._look())
            self._read = seen
        found: dict[str, Wildcard] = {}
        for _, wildcards in seen.values():
            for one in wildcards:
                found.setdefault(one.name, one)
        return dict(sorted(found.items(), key=lambda item: item[0].casefold()))

    def _look(
        self,
    ) -> Iterator[tuple[tuple[Path, Path], tuple[Stamp, tuple[Wildcard, ...]]]]:
        for count, (folder, path) in enumerate(_files(self.folders)):
            if count >= FILES_MAX:
                return
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._read.get((folder, path))
            if known and known[0] == stamp:
                yield (folder, path), known
            else:
                yield (folder, path), (stamp, tuple(_wildcards(folder, path)))


def matching(name: str, known: Mapping[str, Wildcard]) -> Wildcard | None:
    """What a name or a pattern (`colours/*`) means, also without its folders, as in Dynamic Prompts; None: nothing.

    The values of several files are one list, in alphabetical order and each once.
    """
    plain = "/".join(part for part in name.replace("\\", "/").split("/") if part)
    if not plain or len(plain) > PATTERN_MAX or plain.count("*") > STARS_MAX:
        return None
    for pattern in (plain, f"**/{plain}"):
        names = [pattern] if pattern in known else fnmatch.filter(known, pattern)
        values = dict.fromkeys(value for one in names for value in known[one].values)
        if values:
            return Wildcard(name, tuple(sorted(values)))
    return None


def _files(folders: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """(folder, file), in alphabetical order; links are not followed, what is hidden is passed over."""
    for folder in folders:
        for place, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                path = Path(place, name)
                if path.suffix.lower() in LIST + TREE and not path.is_symlink():
                    yield folder, path


def _wildcards(folder: Path, path: Path) -> Iterator[Wildcard]:
    """Those of one file; none of one that cannot be read or is too large."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            return
        text = data.decode("utf-8-sig", "replace")
        if path.suffix.lower() in LIST:
            lines = (line.strip() for line in text.splitlines()[:VALUES_MAX])
            rows = [(line, 1.0) for line in lines if line and not line.startswith("#")]
            yield from _of(name, rows)
            return
        tree = json.loads(text) if path.suffix.lower() == ".json" else yaml.load(text, LOADER)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return
    if isinstance(tree, dict):
        prefix = name.rpartition("/")[0]
        yield from _branches(tree, (prefix,) if prefix else ())
    else:
        yield from _of(name, _items(tree))


def _branches(tree: dict[Any, Any], above: tuple[str, ...]) -> Iterator[Wildcard]:
    """A list for each leaf of a tree, under the path of its keys."""
    waiting: list[tuple[tuple[str, ...], Any]] = [(above, tree)]
    left = VALUES_MAX
    while waiting and left > 0:
        path, node = waiting.pop()
        if isinstance(node, dict):
            if len(path) < DEPTH_MAX + len(above):
                rows = [
                    ((*path, key), value) for key, value in node.items() if isinstance(key, str)
                ]
                waiting += rows[:left]
            left -= len(node)
        else:
            items = _items(node)[:left]
            left -= len(items)
            yield from _of("/".join(path), items)


def _items(node: Any) -> list[Weighted]:
    nodes = node[:VALUES_MAX] if isinstance(node, list) else [node]
    return [item for one in nodes if (item := _item(one))]


def _item(node: Any) -> Weighted | None:
    """A text, `3::text`, or {"text": …, "weight": …}; None for what is none of these."""
    if isinstance(node, dict):
        text, weight = node.get("text") or node.get("content"), node.get("weight", 1)
        if isinstance(text, str) and isinstance(weight, int | float) and _counts(weight):
            return text, float(weight)
        return None
    if isinstance(node, int | float) and not isinstance(node, bool):
        return str(node), 1.0
    if not isinstance(node, str) or not node.strip():
        return None
    weight_text, parted, text = node.partition("::")
    try:
        weight = float(weight_text) if parted else 1.0
    except ValueError:
        return node, 1.0
    return (text, weight) if parted and _counts(weight) else (node, 1.0)


def _counts(weight: float) -> bool:
    return math.isfinite(weight) and 0 < weight <= 1e6


def _of(name: str, rows: list[Weighted]) -> Iterator[Wildcard]:
    values = tuple(row for row in rows if len(row[0]) <= VALUE_CHARACTERS_MAX)
    if values:
        yield Wildcard(name, values)
