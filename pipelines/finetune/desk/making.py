"""Making: from what was sent to a draft that is shown, and to a training that waits in the line, whole on the disk."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.errors import DiskFull, RequestError
from pipelines.fields import check_client_request_id
from pipelines.finetune.desk.house import House
from pipelines.finetune.desk.roster import Roster
from pipelines.finetune.desk.uploads import note
from pipelines.finetune.desk.wishes import Wishes
from pipelines.finetune.pictures.captioning import Captioning
from pipelines.finetune.pictures.looking import Looks
from pipelines.finetune.pictures.preparing import prepare
from pipelines.finetune.planning.demands import disk_bytes, place_of, seconds, size_name
from pipelines.finetune.planning.memory import training_bytes
from pipelines.finetune.planning.planning import Planned, Planner
from pipelines.finetune.planning.problems import warnings
from pipelines.finetune.training import Training
from pipelines.manager.space import lacking
from pipelines.retouch.faces import FOLDER as FACES
from pipelines.works.admission import OneAtATime
from pipelines.works.store import Store
from pipelines.works.work import DONE, FAILED, QUEUED

MAKE_ROOM = "Make room there, then send it again."


class Maker:
    """May be asked from any thread."""

    def __init__(
        self, house: House, store: Store[Training], roster: Roster, wishes: Wishes
    ) -> None:
        self._house, self._store, self._roster, self._wishes = house, store, roster, wishes
        folders = house.settings.models_dir
        own_faces = next(filter(Path.is_dir, (one / FACES for one in folders)), None)
        self._planner = Planner(house.finder, house.assets, Looks(own_faces))
        self.captioning = Captioning(folders)
        self._ordering = OneAtATime()

    def draft(self, plan: Any, images: Sequence[Any], owner: str) -> dict[str, Any]:
        """What would be trained, as JSON; see docs/api.md. Raises RequestError for what is no plan at all."""
        planned = self._planned(plan, images, owner)
        plan, base, status = planned.plan, planned.base, self._house.status()
        needed = training_bytes(size_name(base), plan, place_of(plan, status))
        there = status.total_bytes or None
        view = self._house.finder.catalog.view
        known = [one for one in self._roster.snapshots() if base]
        return {
            "plan": plan.as_dict(),
            "examples": [one.as_dict() for one in planned.proposals.items],
            "problems": [problem(error) for error in planned.problems],
            "warnings": [*planned.proposals.warnings, *warnings(plan, view, needed, there)],
            "seconds": seconds(plan, known),
            "memory_bytes": needed,
            "available_bytes": there,
            "captioner": self.captioning.name,
        }

    def describe(self, image: str, owner: str) -> str:
        """An upload in words. Raises NotFound, NoCaptioner or ModelUnreadable."""
        return self.captioning.describe(self._house.assets.get(image, owner).path)

    def create(
        self, plan: Any, examples: Sequence[Any], owner: str, client_request_id: str = ""
    ) -> Training:
        """The training, on the disk; the same one again for the same client_request_id.

        Raises RequestError, Refused, UploadError or DiskFull.
        """
        check_client_request_id(client_request_id)
        with self._ordering.of(owner):
            known = self._roster.ordered(owner, client_request_id)
            if known is not None:
                return known
            self._house.desk.ask(lambda: self._wishes.admit(owner))
            planned = self._planned(plan, examples, owner)
            for error in planned.problems:
                raise error
            return self._begun(planned, owner, client_request_id)

    def _begun(self, planned: Planned, owner: str, client_request_id: str) -> Training:
        assert planned.base is not None
        training_id, family = secrets.token_hex(16), planned.base.family
        full = lacking(
            (self._store.root,),
            disk_bytes(planned.plan, size_name(planned.base), len(planned.pictures)),
        )
        if full:
            raise DiskFull(full, MAKE_ROOM)
        folder, look = self._store.folder(training_id), self._planner.look
        try:
            training = Training(
                id=training_id,
                owner=owner,
                state=QUEUED,
                plan=planned.plan,
                family=family,
                examples=prepare(folder, planned.pictures, planned.proposals, look),
                created=self._house.clock(),
                client_request_id=client_request_id,
                warnings=planned.proposals.warnings,
            )
            note(folder, owner, (one.image for one in planned.pictures))
            self._store.save(training)
            self._house.desk.ask(lambda: self._wishes.add(training))
        except BaseException:
            self._store.remove(training_id)
            raise
        return self._roster.snapshot(training_id, owner)

    def _planned(self, plan: Any, given: Sequence[Any], owner: str) -> Planned:
        names = [
            one.plan.name for one in self._roster.snapshots() if one.state not in (DONE, FAILED)
        ]
        return self._planner.planned(plan, given, owner, self._house.status(), names)


def problem(error: RequestError) -> dict[str, str]:
    """As the page shows it at its field."""
    return {"field": error.field, "why": error.why, "remedy": error.remedy}
