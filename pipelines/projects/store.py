"""Projects on disk: one JSON file each, replaced as a whole. What cannot be read is said in the log and passed over."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.errors import NotFound, RequestError
from pipelines.fields import one, rows, typed
from pipelines.output.disk import failures_named, sync_folder
from pipelines.projects.project import Attempt, Project, Result, Step, Values
from pipelines.projects.telling import assets_of

LOG = logging.getLogger(__name__)

FOLDER = "projects"  # under the pictures, so that whoever saves those saves these
TRASH_KEPT_SECONDS = 30 * 86_400.0
NEW = ".new"  # not .part: those are swept while the server starts, and this is written meanwhile
UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError, RequestError)


class Store:
    """The files under `<output_dir>/projects/<owner>/`. Whoever changes a project sees to it that nobody else does."""

    def __init__(self, output_dir: Path) -> None:
        self._folder = output_dir / FOLDER

    def get(self, project_id: str, owner: str) -> Project:
        """Raises NotFound, in the same words for what is another's, damaged or not there."""
        if re.fullmatch("[0-9a-f]{32}", project_id):
            with contextlib.suppress(*UNREADABLE):
                project = read(self._path(project_id, owner).read_bytes())
                if (project.id, project.owner) == (project_id, owner):
                    return project
        raise NotFound("There is no such project.", "It may have been deleted; reload the page.")

    def of_owner(self, owner: str) -> tuple[list[Project], list[str]]:
        """(those of an owner, the latest change first; the names of files that cannot be read)."""
        projects, damaged = [], []
        for path in sorted(self._path("", owner).parent.glob("*.json")):
            project = _read_file(path)
            if project is None:
                damaged.append(path.name)
            elif project.owner == owner:
                projects.append(project)
        return sorted(projects, key=lambda project: project.changed, reverse=True), damaged

    def all(self) -> Iterator[Project]:
        """Those of everybody."""
        paths = sorted(self._folder.glob("*/*.json"))
        return (project for path in paths if (project := _read_file(path)))

    def assets(self) -> set[str]:
        """Every upload that some project needs."""
        return set[str]().union(*map(assets_of, self.all()))

    def save(self, project: Project) -> None:
        """Durable when it returns. Raises DiskFull; then it is as it was."""
        path = self._path(project.id, project.owner)
        new = path.with_suffix(NEW)
        text = json.dumps(dataclasses.asdict(project), ensure_ascii=False, indent=1)
        with failures_named(self._folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("wb") as file:
                file.write(text.encode("utf-8", "replace"))
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            sync_folder(path.parent)

    def remove(self, project: Project) -> None:
        self._path(project.id, project.owner).unlink(missing_ok=True)

    def sweep(self, now_seconds: float) -> None:
        """At start: deletes what a kill left behind, and what has lain in the trash for over 30 days."""
        for path in self._folder.glob(f"*/*{NEW}"):
            path.unlink(missing_ok=True)
        for project in self.all():
            if (project.trashed or now_seconds) < now_seconds - TRASH_KEPT_SECONDS:
                self.remove(project)

    def _path(self, project_id: str, owner: str) -> Path:
        """Two owners whose names fall together share a folder; the file says whose it is."""
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", owner)[:64] or "_"
        return self._folder / safe / f"{project_id}.json"


def read(data: bytes) -> Project:
    """A project from its file, every field of its type. Raises one of UNREADABLE."""
    values = _object(json.loads(data)) or {}
    steps = _list(values.pop("steps"))
    fields = typed(Project, values, "project.")
    project = Project(**fields, steps=tuple(map(_step, steps)))
    if not 0 <= project.position <= len(project.steps):
        raise ValueError(f"position {project.position} of {len(project.steps)} steps")
    return project


def _step(values: Values) -> Step:
    given = dict(values)
    request, tool = _object(given.pop("request")), _object(given.pop("tool"))
    if (request is None) == (tool is None):
        raise ValueError("a step has either a request or a tool")
    results = tuple(map(_result, _list(given.pop("results"))))
    attempt = _attempt(given.pop("attempt"))
    fields = typed(Step, given, "step.")
    return Step(**fields, request=request, tool=tool, results=results, attempt=attempt)


def _result(values: Values) -> Result:
    given = dict(values)
    pictures = _list(given.pop("pictures"))
    if not all(isinstance(one, str) for one in pictures):
        raise ValueError("pictures are no texts")
    (result,) = rows(Result, [given], "result")
    return replace(result, pictures=tuple(pictures))


def _attempt(values: Values | None) -> Attempt | None:
    given = dict(values or {})
    error = _object(given.pop("error", None))
    attempt = one(Attempt, given if values else None, "attempt")
    return replace(attempt, error=error) if attempt else None


def _object(values: Any) -> Values | None:
    if values is not None and not isinstance(values, dict):
        raise ValueError(f"{values!r:.80} is no object")
    return values


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise ValueError(f"{values!r:.80} is no list")
    return values


def _read_file(path: Path) -> Project | None:
    try:
        return read(path.read_bytes())
    except UNREADABLE as error:
        LOG.warning("%s is no project that can be read and is passed over: %s", path, error)
        return None
