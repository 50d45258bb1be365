"""What people ask of jobs: submit, cancel, pause, resume, requeue, develop, remove. Each asks first whose job it is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from pipelines.asking.noise import ANY_SEED
from pipelines.errors import NotFound, Refused, RequestError
from pipelines.fields import within
from pipelines.job import (
    CANCELLED,
    ENDED_STATES,
    FAILED,
    HELD,
    OPEN_STATES,
    PAUSED,
    QUEUED,
    RESTING_STATES,
    RUNNING,
    Job,
    Picture,
)
from pipelines.manager import turns
from pipelines.manager.bench import Bench
from pipelines.manager.docket import Docket, Entry
from pipelines.manager.gpu import Gpu
from pipelines.manager.keeper import Keeper
from pipelines.manager.queue import Record
from pipelines.manager.results import CANCELLING, PAUSING, Results
from pipelines.request import Request, roll
from pipelines.variants import Variant
from pipelines.worker.messages import Cancel

OPEN_JOBS_OF_AN_OWNER = 20
OPEN_JOBS = 200
PAUSED_JOBS_OF_AN_OWNER = 100  # beside the open ones; each may keep half-done pictures on the disk


@dataclass(frozen=True)
class Order:
    """A resolved request as it is handed in; the same client_request_id from the same owner is one order."""

    owner: str
    request: Request
    variants: tuple[Variant, ...]  # its pictures
    client_request_id: str = ""
    verifies: str | None = None  # the picture that its own one is compared with


class Commands:
    """Used on the desk thread only. Answers are job ids; the board has the jobs."""

    def __init__(
        self, docket: Docket, bench: Bench, results: Results, keeper: Keeper, gpu: Gpu
    ) -> None:
        self._docket, self._bench, self._results = docket, bench, results
        self._keeper, self._gpu = keeper, gpu
        self.is_closing = False

    def submit(self, order: Order) -> str:
        """Raises Refused or DiskFull; after it returns, the job is on the disk."""
        known = self._docket.submitted(order.owner, order.client_request_id)
        if known:
            return known
        self._admit(order.owner)
        request = order.request
        job = Job(
            id=secrets.token_hex(16),
            owner=order.owner,
            state=QUEUED,
            request=request,
            pictures=tuple(
                Picture(index=n, seed=one.seed, changes=one.changes, steps=_steps(request, one))
                for n, one in enumerate(order.variants)
            ),
            created=self._docket.clock(),
            verifies=order.verifies,
        )
        ordinal = self._docket.next_ordinal()
        self._docket.add(
            Record(job=job, ordinal=ordinal, client_request_id=order.client_request_id)
        )
        return job.id

    def cancel(self, job_id: str, owner: str) -> None:
        """A job that waits or rests ends at once, one that develops at its next step; one that is over stays so."""
        entry = self._find(job_id, owner)
        if entry.job.state in RESTING_STATES:
            self._results.cancel(entry)
        elif entry.job.state in OPEN_STATES:
            entry.is_cancelling = True
            self._docket.change(entry, stage=CANCELLING)
            for part in self._bench.of(entry):
                self._gpu.send(Cancel(part.id))
            self._results.settle(entry)

    def pause(self, job_id: str, owner: str) -> None:
        """A job that waits is paused at once, one that develops within a step: as soon as it is all on the disk."""
        entry = self._find(job_id, owner)
        state = entry.job.state
        if state == PAUSED or entry.is_stopping:
            return
        if state not in OPEN_STATES:
            why = "only a job that waits or develops can be paused"
            remedy = "Develop its drafts or cancel it." if state == HELD else "Leave it as it is."
            raise RequestError("job", state, why, remedy)
        own = [one for one in self._docket if one.job.owner == owner]
        if sum(one.job.state == PAUSED for one in own) >= PAUSED_JOBS_OF_AN_OWNER:
            what = f"You have {PAUSED_JOBS_OF_AN_OWNER} paused jobs, which is the limit."
            raise Refused(what, "Let one go on, or cancel one.")
        entry.is_pausing = True
        self._docket.change(entry, stage=PAUSING)
        for part in self._bench.of(entry):
            self._results.ask_back(part)
        self._results.settle(entry)

    def resume(self, job_id: str, owner: str) -> None:
        """Goes on from where it was paused, in its old place among the owner's jobs."""
        entry = self._find(job_id, owner)
        if entry.job.state == PAUSED:
            self._admit(owner)
        elif entry.job.state not in OPEN_STATES:
            why = "only a paused job can go on"
            raise RequestError("job", entry.job.state, why, "Queue it again, or leave it.")
        if entry.job.state == PAUSED or entry.is_pausing:
            entry.is_pausing = False
            paused = [p.index for p in entry.job.pictures if p.state == PAUSED]
            self._docket.change_pictures(entry, paused, state=QUEUED)
            state = RUNNING if entry.under_way or entry.saving else QUEUED
            self._docket.change(entry, state=state, stage="")

    def requeue(self, job_id: str, owner: str) -> None:
        """Makes again what failed or was cancelled; pictures that only could not be written are just written."""
        entry = self._find(job_id, owner)
        again = [p.index for p in entry.job.pictures if p.state in (FAILED, CANCELLED)]
        if entry.job.state not in (FAILED, CANCELLED) or not again:
            why = "only a failed or cancelled job can be queued again"
            raise RequestError("job", entry.job.state, why, "Submit it as a new job.")
        self._admit(owner)
        docket = self._docket
        docket.amend(entry, ordinal=docket.next_ordinal())
        docket.change_pictures(entry, again, state=QUEUED, step=0)
        docket.change(entry, state=QUEUED, attempt=0, started=None, finished=None, error=None)
        for picture in self._keeper.unsaved(job_id):
            docket.change(entry, state=RUNNING, started=docket.clock())
            self._results.save(entry, picture)

    def again(self, job_id: str, owner: str, pictures: tuple[int, ...], seed: int | None) -> None:
        """Makes these pictures of a job that is over anew, in the same job; those that were made stay in the library.

        `seed` None: each with its own; -1: each with a new one.
        """
        entry = self._find(job_id, owner)
        job = entry.job
        if job.state not in ENDED_STATES:
            raise RequestError(
                "job", job.state, "the job is not over", "Wait for it, or cancel it."
            )
        if not pictures or not all(0 <= index < len(job.pictures) for index in pictures):
            last = len(job.pictures) - 1
            why = "are no pictures of this job"
            raise RequestError("pictures", list(pictures), why, f"Choose from 0 to {last}.")
        if seed is not None:
            within("seed", seed, ANY_SEED)
        self._admit(owner)
        self._keeper.drafts.drop(job_id, pictures)
        anew = tuple(_anew(one, seed) if one.index in pictures else one for one in job.pictures)
        docket = self._docket
        docket.amend(entry, ordinal=docket.next_ordinal())
        begun: dict[str, Any] = {"started": None, "finished": None, "error": None, "attempt": 0}
        docket.change(entry, pictures=anew, state=QUEUED, **begun)

    def remove(self, job_id: str, owner: str) -> None:
        """Forgets a job that is over."""
        entry = self._find(job_id, owner)
        if entry.job.state not in ENDED_STATES:
            raise RequestError("job", entry.job.state, "the job is not over", "Cancel it first.")
        self._results.forget(entry)

    def develop(self, job_id: str, owner: str, pictures: tuple[int, ...]) -> None:
        """The chosen drafts go on to the end; the other ones are dropped."""
        entry = self._find(job_id, owner)
        held = {p.index for p in entry.job.pictures if p.state == HELD}
        chosen = set(pictures)
        if not chosen or not chosen <= held:
            shown = ", ".join(map(str, sorted(held))) or "none"
            why = "are not drafts that are held"
            raise RequestError("pictures", list(pictures), why, f"Choose from: {shown}.")
        if entry.job.state != HELD:
            why = "its drafts are still being made"
            raise RequestError("job", entry.job.state, why, "Wait until all of them are there.")
        self._level(owner)
        self._results.drop_drafts(entry, sorted(held - chosen))
        self._docket.change_pictures(entry, chosen, state=QUEUED)
        self._docket.amend(entry, is_picked=True)
        self._docket.change(entry, state=QUEUED, attempt=0)

    def _find(self, job_id: str, owner: str) -> Entry:
        entry = self._docket.get(job_id)
        if entry is None or entry.job.owner != owner:
            raise NotFound(f"There is no job {job_id[:64]}.", "It may have been removed.")
        return entry

    def _admit(self, owner: str) -> None:
        """Raises Refused when there are too many open jobs, or the server is closing."""
        if self.is_closing:
            refused = Refused("Darkroom is shutting down.", "Send it again in a minute.", 60)
            refused.http_status = 503
            raise refused
        entries = self._docket.open()
        own = [entry for entry in entries if entry.job.owner == owner]
        if len(own) >= OPEN_JOBS_OF_AN_OWNER:
            what = f"You have {len(own)} jobs waiting, which is the limit."
            raise Refused(what, "Wait until one is done, or cancel one.", _soonest_seconds(own))
        if len(entries) >= OPEN_JOBS:
            what = f"The queue is full: {len(entries)} jobs are waiting."
            raise Refused(what, "Wait until some are done.", _soonest_seconds(entries))
        self._level(owner)

    def _level(self, owner: str) -> None:
        """Someone who comes back starts level with those who wait."""
        owners = {entry.job.owner for entry in self._docket.open()}
        if owner not in owners:
            turns.level(owner, self._docket.used_seconds, owners)


def _anew(picture: Picture, seed: int | None) -> Picture:
    own = picture.seed if seed is None else roll() if seed == -1 else seed
    edition = picture.edition + (picture.picture_id is not None)
    return replace(picture, seed=own, edition=edition, state=QUEUED, step=0, picture_id=None)


def _steps(request: Request, variant: Variant) -> int:
    return (
        request.changed(variant.changes).steps_in_all if variant.changes else request.steps_in_all
    )


def _soonest_seconds(entries: list[Entry]) -> int:
    """When asking again makes sense: after the first of these is done."""
    known = [entry.job.eta_seconds for entry in entries if entry.job.eta_seconds is not None]
    return max(1, min(60, round(min(known)))) if known else 10
