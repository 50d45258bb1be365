"""Hands jobs to the worker, part by part, in fair turns; and tells everyone who waits their place and time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from pipelines.asking.noise import Noise
from pipelines.asking.sampling import Sampling
from pipelines.errors import StudioError
from pipelines.job import QUEUED
from pipelines.manager import turns
from pipelines.manager.bench import Bench
from pipelines.manager.docket import Docket, Entry
from pipelines.manager.drafts import Drafts
from pipelines.manager.finder import Finder
from pipelines.manager.gpu import Gpu
from pipelines.manager.needs import Needs
from pipelines.manager.pace import units
from pipelines.manager.results import Results
from pipelines.manager.space import lacking
from pipelines.manager.turns import Turn
from pipelines.request import Request
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
        waiting = [
            entry for entry in self._waiting() if entry.job.request.grid or not entry.under_way
        ]
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
        return [e for e in self._docket.open() if e.waiting and not e.is_stopping]

    def _turns(self, entries: list[Entry]) -> list[Turn]:
        return [self._turn(entry, is_shared=len(entries) > 1) for entry in entries]

    def _turn(self, entry: Entry, *, is_shared: bool) -> Turn:
        job = entry.job
        indexes = in_order(entry)
        sizes = self._part_sizes(entry, len(indexes), is_shared=is_shared)
        ends = list(accumulate(sizes))
        parts = [indexes[end - size : end] for size, end in zip(sizes, ends, strict=True)]
        return Turn(
            job_id=job.id,
            owner=job.owner,
            ordinal=entry.record.ordinal,
            checkpoint=entry.request_of(indexes[0]).checkpoint or "",
            part_sizes=tuple(sizes),
            costs_seconds=tuple(
                sum(self._cost_seconds(entry, index) for index in part) for part in parts
            ),
            is_retry=job.attempt > 0,
            overtaken=entry.overtaken,
        )

    def _cost_seconds(self, entry: Entry, index: int) -> float:
        request, taken = entry.request_of(index), entry.job.pictures[index].step
        work = units(request, max(1, request.steps_in_all - taken), after=taken)
        return self._bench.pace.seconds(request.checkpoint or "", work)

    def _part_sizes(self, entry: Entry, left: int, *, is_shared: bool) -> list[int]:
        """One batch while others wait, so that their turn is near; else whole batches, as far as they fit."""
        limit, batch = self._terms.max_active_pictures, entry.job.request.batch_size
        size = min(batch, limit) if is_shared else limit // batch * batch or limit
        sizes: list[int] = []
        while left and len(sizes) < PARTS_FORESEEN:
            sizes.append(min(left, size))
            left -= sizes[-1]
        return [*sizes, left] if left else sizes

    def _send(self, entry: Entry, pictures: int) -> bool:
        """Sends the job's next pictures; False when nothing can be begun now."""
        indexes = in_order(entry)[:pictures]
        sizes = [entry.request_of(index).size for index in indexes]
        self.lacking = lacking(
            self._terms.folders, sum(width * height * 3 for width, height in sizes)
        )
        if self.lacking:
            return False
        for (needs, hold), group in self._groups(entry, indexes).items():
            part = self._bench.lay(entry, needs.checkpoint, group, needs.extras)
            tasks = tuple(self._task(entry, index) for index in group)
            loras, vae, embeddings = needs.extras
            brings = Submit(
                part.id,
                entry.job.request.as_dict(),
                needs.checkpoint,
                tasks,
                hold_after_steps=hold,
                loras=loras,
                controls=needs.controls,
                vae=vae,
                embeddings=embeddings,
                refiner=needs.refiner,
                image_prompts=needs.image_prompts,
                source=needs.source,
                hires_checkpoint=needs.hires_checkpoint,
                upscaler=needs.upscaler,
            )
            self._gpu.send(brings)
        return True

    def _groups(
        self, entry: Entry, indexes: list[int]
    ) -> dict[tuple[Needs, int | None], list[int]]:
        """The pictures that can go to the worker as one part; what they need in place of what is not there fails."""
        groups: dict[tuple[Needs, int | None], list[int]] = {}
        found: dict[Request, Needs] = {}
        for index in indexes:
            request = entry.request_of(index)
            naming = replace(request, sampling=Sampling(), noise=Noise())  # these name no files
            try:
                find = self._terms.finder.needs
                needs = found[naming] = found.get(naming) or find(request, entry.job.owner)
            except StudioError as error:
                self._results.fail_some(entry, [index], error)
                continue
            hold = None if entry.record.is_picked else request.draft_steps
            groups.setdefault((needs, hold), []).append(index)
        return groups

    def _task(self, entry: Entry, index: int) -> PictureTask:
        job = entry.job
        state = self._terms.drafts.state(job.id, index)  # of a picture that was held or paused
        picture = job.pictures[index]
        return PictureTask(index, picture.seed, state, picture.changes)

    # ---- position and time ---------------------------------------------------------------------------

    def foresee(self) -> None:
        """Gives every job that waits its position (1 = next) and the seconds until it is done."""
        entries = {entry.job.id: entry for entry in self._waiting()}
        seen = turns.forecast(self._turns(list(entries.values())), self._bench.promised_seconds())
        before_seconds = self._bench.seconds_left()
        ends = {part.entry: before_seconds for part in self._bench if not part.is_touched}
        ends |= {entries[row.job_id]: before_seconds + row.end_seconds for row in seen}
        position = 0
        for entry, end_seconds in ends.items():
            is_queued = entry.job.state == QUEUED
            position += is_queued
            self._tell(entry, position if is_queued else None, end_seconds)

    def _tell(self, entry: Entry, position: int | None, end_seconds: float) -> None:
        is_known = self._bench.pace.is_known(entry.job.request.checkpoint or "")
        eta = round(end_seconds, 1) if is_known else None
        if entry.job.position != position or _differs(entry.job.eta_seconds, eta):
            self._docket.change(entry, quietly=True, position=position, eta_seconds=eta)


def in_order(entry: Entry) -> list[int]:
    """The pictures that wait, those of one checkpoint together, so that it is changed as seldom as can be."""
    indexes = [picture.index for picture in entry.waiting]
    names = [entry.request_of(index).checkpoint for index in indexes]
    first = {name: place for place, name in reversed(list(enumerate(names)))}
    return sorted(indexes, key=lambda index: first[entry.request_of(index).checkpoint])


def _differs(shown: float | None, now: float | None) -> bool:
    """Whether an estimate has moved enough to tell."""
    if shown is None or now is None:
        return shown is not now
    return abs(shown - now) > 1.0 + 0.1 * shown
