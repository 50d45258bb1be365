"""What people ask of trainings: add, pause, resume, finish, publish, drop. The desk does it, and the worker is told."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from pipelines.errors import RequestError
from pipelines.finetune.desk.roster import Entry
from pipelines.finetune.desk.runner import CLOSE, FINISH, PAUSE, RESUME, Means, Runner
from pipelines.finetune.training import Training, best_of
from pipelines.worker.finetune.messages import DropTraining, FinishTraining, RestTraining
from pipelines.works.admission import Admission
from pipelines.works.work import FAILED, OPEN_STATES, PAUSED, QUEUED

ADMISSION = Admission("training", open_max=5, kept_max=200)
PAUSING, FINISHING = "pausing", "finishing"


class Wishes:
    """Used on the desk thread only."""

    def __init__(self, means: Means, runner: Runner) -> None:
        self._means, self._roster, self._runner = means, means.roster, runner

    def admit(self, owner: str) -> None:
        """Raises Refused when this owner has too many."""
        own = (one.work.state for one in self._roster if one.work.owner == owner)
        ADMISSION.check(own, is_closing=self._runner.is_closing)

    def add(self, training: Training) -> None:
        """Raises Refused."""
        self.admit(training.owner)
        self._roster.add(training)

    def pause(self, entry: Entry) -> None:
        """One that waits rests at once, one that trains within a step. Raises RequestError."""
        if entry.training.state == PAUSED:
            return
        self._demand(entry, OPEN_STATES, "only a training that waits or runs can be paused")
        if entry.is_at_worker:
            self._ask(entry, PAUSE, RestTraining(entry.id), PAUSING)
        else:
            self._runner.rest(entry)

    def resume(self, entry: Entry) -> None:
        """Goes on from where it was, also when it had failed. Raises RequestError or Refused."""
        if entry.is_at_worker:
            entry.asked = RESUME if entry.asked == PAUSE else entry.asked
            return
        if entry.training.state == QUEUED:
            return
        self._demand(entry, (PAUSED, FAILED), "only a training that is paused or failed can go on")
        self.admit(entry.training.owner)
        self._roster.change(entry, state=QUEUED, attempt=0, error=None, finished=None)

    def finish(self, entry: Entry) -> None:
        """Ends with what there is. Raises RequestError when nothing is kept yet."""
        if entry.is_at_worker:
            self._ask(entry, FINISH, FinishTraining(entry.id), FINISHING)
            return
        states = (QUEUED, PAUSED, FAILED)
        self._demand(entry, states, "only a training that is not over can be finished")
        best = best_of(entry.training.marks)
        if best is None:
            why = "nothing of it is kept yet"
            raise RequestError("training", entry.training.state, why, "Let it go on for a while.")
        self._roster.change(entry, best_step=best)
        self._runner.publish(entry, best)

    def drop(self, entry: Entry) -> Future[None]:
        """Deletes it; the future is done once its folder is gone, for which the worker must have let go of it."""
        self._roster.drop(entry)
        self._means.hands.do(lambda: self._means.store.forget(entry.id))
        if entry.is_at_worker:
            self._means.worker.send(DropTraining(entry.id))
        else:
            self._runner.clear(entry)
        return entry.on_gone

    def close_down(self) -> None:
        """Nothing more begins; what trains comes to rest on the disk."""
        self._runner.is_closing = True
        entry = self._roster.at_worker
        if entry is not None and not entry.asked and self._roster.get(entry.id) is entry:
            self._ask(entry, CLOSE, RestTraining(entry.id), PAUSING)

    def _ask(self, entry: Entry, asked: str, message: Any, stage: str) -> None:
        entry.asked = asked
        self._means.worker.send(message)
        self._roster.change(entry, quietly=True, stage=stage)

    def _demand(self, entry: Entry, states: tuple[str, ...], why: str) -> None:
        state = entry.training.state
        if state not in states or entry.is_publishing:
            raise RequestError("training", state, why, "Leave it as it is.")
