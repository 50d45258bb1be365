"""Downloads on disk: one small JSON file each, so that a restart goes on where the last server ended."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.downloads.package import Licence, Package, RemoteFile
from pipelines.output.disk import failures_named, sync_folder

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What must not be forgotten of a download. `target`: the file or folder that it will be."""

    id: str
    created: float  # seconds since the epoch
    owner: str
    package: Package
    target: Path
    state: str
    error: dict[str, Any] | None = None
    model: str = ""  # the name in the catalog, once it is there
    problem: str = ""  # what the catalog says against it

    @property
    def staging(self) -> Path:
        """Where its files are gathered: on the same disk, below a name that the catalog never looks into."""
        up = len(Path(self.package.subfolder).parts)
        return (self.target.parents[up]) / ".downloads" / self.id


class Records:
    """The folder of records. Writing raises DiskFull."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> list[Record]:
        """All of them, oldest first; what cannot be read is left where it is and said in the log."""
        records = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                records.append(_read(json.loads(path.read_text(encoding="utf-8"))))
            except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
                LOG.warning("%s is no record of a download and is passed over: %s", path, error)
        return sorted(records, key=lambda record: record.created)

    def save(self, record: Record) -> None:
        values = dataclasses.asdict(record) | {"target": str(record.target)}
        with failures_named(self._folder):
            write_json(self._folder / f"{record.id}.json", values)

    def remove(self, record: Record) -> None:
        (self._folder / f"{record.id}.json").unlink(missing_ok=True)


def write_json(path: Path, values: Any) -> None:
    """Replaces the file as a whole, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def _read(values: dict[str, Any]) -> Record:
    package = values["package"]
    package |= {
        name: tuple(RemoteFile(**f) for f in package[name]) for name in ("files", "notices")
    }
    package |= {"choices": (), "licence": Licence(**package["licence"])}
    return Record(**{**values, "package": Package(**package), "target": Path(values["target"])})
