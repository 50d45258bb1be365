"""Uploads of a training: noted in its folder, so that deleting it deletes them as well, unless something else is made
of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.editing.source import sources_of
from pipelines.finetune.training import Training
from pipelines.job import ENDED_STATES
from pipelines.manager.follow import Board
from pipelines.output.assets import ID, Assets
from pipelines.output.disk import failures_named, rewrite
from pipelines.projects.telling import named_in
from pipelines.works.store import Store

FILE = "uploads.json"
JOBS_MAX = 1000


def note(folder: Path, owner: str, images: Iterable[str]) -> None:
    """Raises DiskFull."""
    values = {"owner": owner, "images": list(dict.fromkeys(images))}
    with failures_named(folder):
        rewrite(folder / FILE, json.dumps(values).encode())


def noted(folder: Path, owner: str) -> list[str]:
    """The ids of this owner's; none when they cannot be read."""
    try:
        found = json.loads((folder / FILE).read_bytes())
        images = found["images"] if found["owner"] == owner else []
        return [one for one in images if ID.fullmatch(one)]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


@dataclass(frozen=True)
class Uploads:
    """`kept()`: the ids of those that projects are made of."""

    store: Store[Training]
    assets: Assets
    board: Board
    kept: Callable[[], set[str]]

    def forget(self, training_id: str, owner: str) -> None:
        """Deletes those of a training that nothing else needs. Raises DiskFull."""
        wanted = noted(self.store.folder(training_id), owner)
        if not wanted:
            return
        needed = {*self.kept(), *self._of_jobs(owner), *self._of_others(training_id, owner)}
        for image in wanted:
            if image not in needed:
                self.assets.forget(image, owner)

    def _of_jobs(self, owner: str) -> Iterator[str]:
        """What jobs that are not over start from or look at."""
        for job in self.board.jobs(owner, JOBS_MAX):
            if job.state not in ENDED_STATES:
                yield from sources_of(job.request)
                yield from named_in(job.request.as_dict())

    def _of_others(self, training_id: str, owner: str) -> Iterator[str]:
        """What other trainings are made of."""
        for path in self.store.root.glob(f"*/{FILE}"):
            if path.parent.name != training_id:
                yield from noted(path.parent, owner)
