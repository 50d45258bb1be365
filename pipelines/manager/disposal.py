"""Models that are thrown away: only those that nobody needs, and never for good at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

from pipelines.catalog.beside import belongings
from pipelines.catalog.cards import Card
from pipelines.catalog.catalog import Catalog, View
from pipelines.catalog.checkpoint import Checkpoint, Model
from pipelines.catalog.embeddings import EmbeddingFile
from pipelines.catalog.trash import Act, Trash, Trashed, entry_id
from pipelines.errors import ModelKept
from pipelines.job import ENDED_STATES
from pipelines.manager.desk import Desk
from pipelines.manager.docket import Docket
from pipelines.manager.used import used_by
from pipelines.request import Request


class Disposal:
    """May be asked from any thread; whether a model is in use is asked on the desk, in one go with its move."""

    def __init__(
        self,
        catalog: Catalog,
        desk: Desk,
        docket: Docket,
        data_dir: Path,
        trainings: Callable[[Model], int],
    ) -> None:
        """`trainings(model)`: how many that are not over are on it."""
        self._catalog, self._desk, self._docket = catalog, desk, docket
        self._trainings = trainings
        folders = [folder for folder in catalog.folders if not catalog.is_taken_over(folder)]
        self._trash = Trash(data_dir / "trash" / "models", folders)

    def recover(self) -> None:
        """At start: ends what the last server had begun."""
        self._trash.recover()

    def trash(self, card: Card) -> Trashed:
        """Moves the model and what belongs to it into the trash. Raises ModelKept or DiskFull."""
        model = card.model
        kept = self.why_kept(card)
        if kept:
            raise ModelKept(*kept)
        entry = Trashed(
            id=entry_id(),
            name=model.name,
            kind=model.kind,
            family=model.family,
            bytes=card.place.bytes,
            trashed=time(),
            places=tuple(str(path.absolute()) for path in (model.path, *belongings(model.path))),
        )
        put = self._trash.put(
            entry, lambda move: self._desk.ask(lambda: self._unless_used(card, move))
        )
        self._catalog.look()
        return put

    def why_kept(self, card: Card) -> tuple[str, str] | None:
        """What and what to do instead, for a model that is never thrown away here; None for all others."""
        model = card.model
        if self._catalog.is_taken_over(model.path):
            what = f"{model.name} belongs to another program, whose files are only read."
            return what, "Delete it there; it is gone from here within seconds."
        if isinstance(model, Checkpoint) and model.is_starter:
            what = f"{model.name} ships with Darkroom and stays."
            return what, "It takes little room, and the first picture needs no download."
        return None

    def restore(self, trashed_id: str) -> Trashed:
        """Moves it back. Raises NotFound, ModelKept or DiskFull."""
        entry = self._trash.restore(trashed_id)
        self._catalog.look()
        return entry

    def empty(self, *trashed_ids: str) -> int:
        """Deletes these, or all, for good; how many bytes that were. Raises NotFound or DiskFull."""
        return self._trash.delete(*trashed_ids)

    def entries(self) -> list[dict[str, Any]]:
        """What lies in the trash, as JSON, the latest first."""
        return [entry.as_dict() for entry in self._trash.entries()]

    def _unless_used(self, card: Card, move: Act) -> None:
        """On the desk. Raises ModelKept when a job that is not over needs the model."""
        live = [entry.job for entry in self._docket if entry.job.state not in ENDED_STATES]
        count = sum(needs(job.request, card.model, self._catalog.view) for job in live)
        if count:
            jobs = "one job waits or runs" if count == 1 else f"{count} jobs wait or run"
            what = f"{card.model.name} is in use: {jobs} with it."
            raise ModelKept(what, "Wait until they are done, or cancel them; then try again.")
        if trained := self._trainings(card.model):
            trainings = "a training" if trained == 1 else f"{trained} trainings"
            what = f"{card.model.name} is in use: {trainings} on it cannot go on without it."
            raise ModelKept(what, "Wait until it is over, or delete the training; then try again.")
        move()


def needs(request: Request, model: Model, view: View) -> bool:
    """Whether a job needs this model. Of embeddings it is enough that their word stands somewhere in the prompts."""
    if isinstance(model, EmbeddingFile):
        word = rf"(?<!\w){re.escape(model.word)}(?!\w)"
        return re.search(word, f"{request.prompt}\n{request.negative_prompt}", re.I) is not None
    return any(one.path == model.path for one in used_by(request, view))
