"""Runs trainings: one at a time goes to the worker, in the order of the line; and the ways in which they end.

What people ask is in wishes.py, what the worker says of them in hearing.py.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import DiskFull, RequestError, StudioError
from pipelines.finetune.desk.roster import Entry, Roster
from pipelines.finetune.planning.demands import disk_bytes
from pipelines.finetune.training import Made, Mark, Training
from pipelines.manager.bench import Bench
from pipelines.manager.space import lacking
from pipelines.worker.finetune.messages import Train
from pipelines.works.hands import Hands
from pipelines.works.store import Store
from pipelines.works.work import DONE, FAILED, PAUSED, QUEUED, RUNNING

# What the worker was asked, by which its answer is understood.
PAUSE, RESUME, FINISH, CLOSE = "pause", "resume", "finish", "close"
PUBLISHING = "putting it among the models"
MAKE_ROOM = "Make room there, then let it go on; nothing of it is lost."


class Worker(Protocol):
    """The GPU process, as far as it is needed here."""

    @property
    def is_ready(self) -> bool: ...

    def send(self, message: Any) -> None: ...

    def job_finished(self) -> None: ...


@dataclass(frozen=True)
class Means:
    """What trainings are run with. `publish(training, step)` puts weights among the models, on the hands' thread.

    `remove(training)` deletes all that lies here of it, likewise. `size_name(checkpoint, family)`: by which
    planning/demands.py knows how large it is.
    """

    store: Store[Training]
    roster: Roster
    hands: Hands
    worker: Worker
    bench: Bench
    clock: Callable[[], float]
    order: Callable[[Training], Train]
    publish: Callable[[Training, int], Made]
    remove: Callable[[Training], None]
    size_name: Callable[[str | None, str], str]
    disk: Path


class Runner:
    """Used on the desk thread only."""

    def __init__(self, means: Means) -> None:
        self._means, self._roster = means, means.roster
        self.is_closing = False

    # ---- who is next ---------------------------------------------------------------------------------

    def fill(self) -> None:
        """Has the next one's order put together when the worker has none; pictures go first there by themselves."""
        means = self._means
        is_free = means.worker.is_ready and not self.is_closing and not means.bench.is_alone
        if not is_free or any(one.is_at_worker or one.is_prepared for one in self._roster):
            return
        entry = next((one for one in self._roster.line() if self._may_go(one)), None)
        if entry is None:
            return
        full = lacking((means.disk,), self._left_bytes(entry.training))
        if full:
            self.rest(entry, DiskFull(full, MAKE_ROOM).as_dict())
            return
        entry.is_prepared = True
        training = entry.training
        means.hands.do(lambda: means.order(training), lambda *told: self._send(entry, *told))

    def _may_go(self, entry: Entry) -> bool:
        """What a process died under, or what had to make room for pictures, goes when none is there."""
        is_odd = entry.needs_quiet or entry.training.attempt > 0
        return entry.is_waiting and not (is_odd and self._means.bench.pictures)

    def _left_bytes(self, training: Training) -> int:
        name = self._means.size_name(training.plan.checkpoint, training.family)
        whole = disk_bytes(training.plan, name, len(training.examples))
        return round(whole * (1 - training.step / max(1, training.steps)))

    def _send(self, entry: Entry, order: Train | None, error: StudioError | None) -> None:
        entry.is_prepared = False
        is_gone = self._roster.get(entry.id) is not entry or entry.training.state != QUEUED
        if is_gone or self.is_closing or not self._means.worker.is_ready:
            return
        if order is None:
            self.fail(entry, error or StudioError("The training cannot begin."))
            return
        entry.stepped_at = None
        entry.is_at_worker, entry.asked = True, ""
        entry.has_stepped = entry.needs_quiet = False
        self._means.worker.send(order)
        started = entry.training.started or self._means.clock()
        self._roster.change(entry, state=RUNNING, started=started, finished=None, error=None)

    def publish(self, entry: Entry, step: int) -> Future[Made]:
        """Puts the weights of a kept step among the models; then it is done, unless it still runs."""
        means, training = self._means, entry.training
        entry.is_publishing = True
        is_over = not entry.is_at_worker
        stage = PUBLISHING if is_over else training.stage
        self._roster.change(entry, stage=stage)

        def published(made: Made | None, error: StudioError | None) -> None:
            entry.is_publishing = False
            changes: dict[str, Any] = {"made": made or entry.training.made}
            if is_over:
                changes |= {"state": DONE, "finished": means.clock(), "eta_seconds": None}
                changes |= {"stage": "", "error": error.as_dict() if error else None}
            self._roster.change(entry, **changes)

        return means.hands.do(lambda: means.publish(training, step), published)

    # ---- ends ----------------------------------------------------------------------------------------

    def clear(self, entry: Entry) -> None:
        """Deletes the folder of one that was dropped, after all that is still being done for it."""
        training, remove = entry.training, self._means.remove
        self._means.hands.do(lambda: remove(training), lambda *_: entry.on_gone.set_result(None))

    def rest(self, entry: Entry, error: dict[str, Any] | None = None) -> None:
        """It waits for somebody to let it go on; `error`: why, if nobody asked for it."""
        passing: dict[str, Any] = {"stage": "", "eta_seconds": None}
        self._roster.change(entry, state=PAUSED, error=error, **passing)

    def fail(self, entry: Entry, error: StudioError) -> None:
        """Whatever was kept until then stays."""
        self.failed(entry, error.as_dict())

    def failed(self, entry: Entry, error: dict[str, Any]) -> None:
        ended: dict[str, Any] = {"stage": "", "eta_seconds": None, "finished": self._means.clock()}
        self._roster.change(entry, state=FAILED, error=error, **ended)

    @property
    def is_busy(self) -> bool:
        """Whether the worker has one."""
        return self._roster.at_worker is not None


def kept(training: Training, step: int) -> Mark:
    """Raises RequestError for a step that is not kept."""
    for mark in training.marks:
        if mark.step == step:
            return mark
    steps = ", ".join(str(mark.step) for mark in training.marks) or "none yet"
    raise RequestError("step", step, "is not kept", f"Choose from: {steps}.")
