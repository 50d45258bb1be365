"""Hands jobs to the worker, part by part, in fair turns; and tells everyone who waits their place and time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import StudioError
from pipelines.job import QUEUED
from pipelines.manager import turns
from pipelines.manager.bench import Bench
from pipelines.manager.docket import Docket, Entry
from pipelines.manager.drafts import Drafts
from pipelines.manager.finder import Finder
from pipelines.manager.gpu import Gpu
from pipelines.manager.pace import units
from pipelines.manager.results import Results
from pipelines.manager.space import lacking
from pipelines.manager.turns import Turn
from pipelines.worker.messages import PictureTask, Submit

PARTS_FORESEEN = 8  # of a large job, for the forecast; the rest of it counts as one


@dataclass(frozen=True)
class Terms:
    """What the dispatcher goes by."""

    max_active_pictures: int
    folders: tuple[Path, ...]  # which must have space for what is made
    finder: Finder
    drafts: Drafts


class Dispatcher:
    """Used on the desk thread only."""

    def __init__(
        self, docket: Docket, bench: Bench, results: Results, gpu: Gpu, terms: Terms
    ) -> None:
        self._docket, self._bench, self._results = docket, bench, results
        self._gpu, self._terms = gpu, terms
        self.lacking = ""  # the sentence about a full disk, while nothing is begun for it
        self.is_closing = False

    def fill(self) -> None:
        """Sends what the worker has room for, and one part to look ahead."""
        self.lacking = ""
        while self._has_room() and (turn := self._next()):
            entry = self._docket.get(turn.job_id)
            if entry is None or not self._send(entry, turn.part_sizes[0]):
                return

    def _has_room(self) -> bool:
        """One part more than fits is sent, so that the worker can load its checkpoint meanwhile."""
        limit = self._terms.max_active_pictures
        is_saver_behind = self._results.backlog > 2 * limit
        return (
            self._gpu.is_ready
            and not self.is_closing
            and not is_saver_behind
            and not self._bench.is_alone
            and self._bench.slots <= limit
        )

    def _next(self) -> Turn | None:
        waiting = [entry for entry in self._waiting() if not entry.under_way]
        heartbeat = self._gpu.heartbeat
        turn = turns.first(
            self._turns(waiting),
            self._bench.promised_seconds(),
            heartbeat.loaded if heartbeat else (),
        )
        if turn is None or (turn.is_retry and self._bench.pictures):
            return None  # a suspect runs alone, so that no other job is lost with it again
        for entry in waiting:
            is_before = entry.record.ordinal < turn.ordinal
            entry.overtaken += is_before and entry.job.owner == turn.owner
        return turn

    def _waiting(self) -> list[Entry]:
        """Jobs with pictures that still have to go to the worker."""
        return [e for e in self._docket.open() if e.waiting and not e.is_cancelling]

    def _turns(self, entries: list[Entry]) -> list[Turn]:
        return [self._turn(entry, is_shared=len(entries) > 1) for entry in entries]

    def _turn(self, entry: Entry, *, is_shared: bool) -> Turn:
        job = entry.job
        checkpoint, steps = job.request.checkpoint or "", job.request.steps_taken or 1
        sizes = self._part_sizes(entry, is_shared=is_shared)
        costs = (units(job.request, steps * size) for size in sizes)
        return Turn(
            job_id=job.id,
            owner=job.owner,
            ordinal=entry.record.ordinal,
            checkpoint=checkpoint,
            part_sizes=tuple(sizes),
            costs_seconds=tuple(self._bench.pace.seconds(checkpoint, cost) for cost in costs),
            is_retry=job.attempt > 0,
            overtaken=entry.overtaken,
        )

    def _part_sizes(self, entry: Entry, *, is_shared: bool) -> list[int]:
        """One batch while others wait, so that their turn is near; else whole batches, as far as they fit."""
        limit, batch = self._terms.max_active_pictures, entry.job.request.batch_size
        size = min(batch, limit) if is_shared else limit // batch * batch or limit
        left = len(entry.waiting)
        sizes: list[int] = []
        while left and len(sizes) < PARTS_FORESEEN:
            sizes.append(min(left, size))
            left -= sizes[-1]
        return [*sizes, left] if left else sizes

    def _send(self, entry: Entry, pictures: int) -> bool:
        """Sends the job's next pictures; False when nothing can be begun now."""
        request = entry.job.request
        indexes = [picture.index for picture in entry.waiting[:pictures]]
        picture_bytes = (request.width or 0) * (request.height or 0) * 3
        self.lacking = lacking(self._terms.folders, picture_bytes * len(indexes))
        if self.lacking:
            return False
        try:
            finder = self._terms.finder
            checkpoint = finder.checkpoint(request.checkpoint)
            extras = finder.extras(request)
            controls, prompts = finder.tasks(request)
            refiner = finder.checkpoint(request.refiner) if request.refiner else None
            source = finder.canvases.task(request)
        except StudioError as error:
            self._results.fail(entry, error)
            return True
        part = self._bench.lay(entry, checkpoint, indexes, extras)
        is_picked = entry.record.is_picked
        hold = None if is_picked else request.draft_steps
        tasks = tuple(self._task(entry, index, is_picked=is_picked) for index in indexes)
        loras, vae, embeddings = extras
        brings = (loras, controls, vae, embeddings, refiner, prompts, source)
        self._gpu.send(Submit(part.id, request.as_dict(), checkpoint, tasks, hold, *brings))
        return True

    def _task(self, entry: Entry, index: int, *, is_picked: bool) -> PictureTask:
        job = entry.job
        state = self._terms.drafts.state(job.id, index) if is_picked else None
        picture = job.pictures[index]
        return PictureTask(index, picture.seed, state, picture.changes)

    # ---- position and time ---------------------------------------------------------------------------

    def foresee(self) -> None:
        """Gives every job that waits its position (1 = next) and the seconds until it is done."""
        entries = {entry.job.id: entry for entry in self._waiting()}
        seen = turns.forecast(self._turns(list(entries.values())), self._bench.promised_seconds())
        before_seconds = self._bench.seconds_left()
        ahead = [(part.entry, before_seconds) for part in self._bench if not part.is_touched]
        behind = [(entries[row.job_id], before_seconds + row.end_seconds) for row in seen]
        position = 0
        for entry, end_seconds in ahead + behind:
            is_queued = entry.job.state == QUEUED
            position += is_queued
            self._tell(entry, position if is_queued else None, end_seconds)

    def _tell(self, entry: Entry, position: int | None, end_seconds: float) -> None:
        is_known = self._bench.pace.is_known(entry.job.request.checkpoint or "")
        eta = round(end_seconds, 1) if is_known else None
        if entry.job.position != position or _differs(entry.job.eta_seconds, eta):
            self._docket.change(entry, quietly=True, position=position, eta_seconds=eta)


def _differs(shown: float | None, now: float | None) -> bool:
    """Whether an estimate has moved enough to tell."""
    if shown is None or now is None:
        return shown is not now
    return abs(shown - now) > 1.0 + 0.1 * shown
