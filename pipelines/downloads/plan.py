"""Plan: what a download would bring, where to and under which licence; shown before the first byte."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.downloads.package import Package


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`is_there`: exactly this model lies there already. `is_taken`: another one does, under the name asked for."""

    package: Package
    target: Path
    free_bytes: int
    is_accepted: bool  # its licence
    needs_token: bool  # its publisher asks for a login, and we have no token for there
    is_there: bool
    is_taken: bool

    def as_dict(self) -> dict[str, Any]:
        package = self.package
        return {
            "source": package.source,
            "page_url": package.page_url,
            "model": package.model,
            "name": package.name,
            "commit": package.commit,
            "files": [{"path": f.path, "size_bytes": f.size_bytes} for f in package.files],
            "size_bytes": package.size_bytes,
            "is_verified": all(file.is_verifiable for file in package.files),
            "choices": [dataclasses.asdict(choice) for choice in package.choices],
            "licence": {**dataclasses.asdict(package.licence), "is_accepted": self.is_accepted},
            "needs_token": self.needs_token,
            "warning": package.warning,
            "trigger_words": list(package.trigger_words),
            "target": str(self.target),
            "free_bytes": self.free_bytes,
            "is_there": self.is_there,
            "is_taken": self.is_taken,
        }


@dataclass(frozen=True, kw_only=True)
class Order:
    """A download that somebody asks for. `licence`: the id of the one that they accept, or "" for none."""

    source: str
    file: str = ""
    name: str = ""
    licence: str = ""
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A download as everybody sees it. `note`: why it waits. `model`: its name in the catalog, once it is there."""

    id: str
    created: float  # seconds since the epoch
    source: str
    page_url: str
    name: str
    target: str
    licence: str
    state: str
    have_bytes: int
    size_bytes: int
    bytes_per_second: float = 0.0
    eta_seconds: float | None = None
    note: str = ""
    error: dict[str, Any] | None = None
    model: str = ""
    problem: str = ""
    is_checkpoint: bool = True

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
