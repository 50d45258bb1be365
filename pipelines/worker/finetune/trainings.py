"""Trainings: those that were asked for, one of them under way; advanced by the engine whenever no picture waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.errors import StudioError
from pipelines.worker.device.faults import POISONED, Fault
from pipelines.worker.engine.task import Poisoned
from pipelines.worker.finetune.messages import (
    DropTraining,
    FinishTraining,
    RestTraining,
    Train,
    TrainingDropped,
    TrainingFailed,
    TrainingRested,
)
from pipelines.worker.finetune.teaching import Teaching
from pipelines.worker.finetune.workshop import Course, Workshop
from pipelines.worker.messages import CheckpointRef


class Trainings:
    """Lives on the GPU thread. The first of the queue is under way, the others wait until it has ended."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._queue: deque[Teaching] = deque()
        self._course: Course[None] | None = None  # of the first; None: it holds nothing
        self._reactions: Mapping[type, Callable[[Any], None]] = {
            Train: self._train,
            RestTraining: self._rest,
            FinishTraining: self._finish,
            DropTraining: self._drop,
        }

    @property
    def checkpoints(self) -> tuple[CheckpointRef, ...]:
        """All that they need, next first."""
        return tuple(one.train.checkpoint for one in self._queue)

    def receive(self, message: Any) -> None:
        """Takes Train, RestTraining, FinishTraining or DropTraining; what is none of them is nothing to it."""
        if react := self._reactions.get(type(message)):
            react(message)

    def turn(self) -> bool:
        """Goes on to the next place where pictures may go first; False: nothing to do until a message or a file comes.

        Raises Poisoned when the device is lost.
        """
        if not self._queue:
            return False
        teaching = self._queue[0]
        try:
            if self._course is None:
                self._course = teaching.course()
            return next(self._course)
        except StopIteration:
            self._end(teaching)
        except Poisoned:
            raise
        except Exception as error:
            self._fail(teaching, self._understood(error))
        return True

    def make_room(self) -> bool:
        """Pictures want the memory: the state is written and everything given back; it comes back with `turn`.

        False: there was nothing to give.
        """
        if self._course is None:
            return False
        teaching = self._queue[0]
        teaching.say("waiting for memory")
        self._put_down(teaching)
        return True

    def _train(self, train: Train) -> None:
        self._forget(train.training_id)
        try:
            self._queue.append(Teaching(self._shop, train))
        except StudioError as error:
            self._shop.send(TrainingFailed(train.training_id, error.as_dict()))

    def _rest(self, rest: RestTraining) -> None:
        teaching = self._find(rest.training_id)
        if teaching is None:  # it ended while the message was on its way
            return
        if self._is_under_way(teaching) and not self._put_down(teaching):
            return  # it failed instead
        self._queue.remove(teaching)
        self._shop.send(TrainingRested(rest.training_id, teaching.step))

    def _finish(self, finish: FinishTraining) -> None:
        if teaching := self._find(finish.training_id):
            teaching.finish()

    def _drop(self, drop: DropTraining) -> None:
        self._forget(drop.training_id)
        self._shop.send(TrainingDropped(drop.training_id))

    def _put_down(self, teaching: Teaching) -> bool:
        """Its state is written and it holds nothing any more; False: that failed, and so has the training."""
        try:
            teaching.save()
        except StudioError as error:
            self._fail(teaching, error)
            return False
        self._close()
        return True

    def _fail(self, teaching: Teaching, error: StudioError) -> None:
        self._end(teaching)
        self._shop.send(TrainingFailed(teaching.train.training_id, error.as_dict()))

    def _understood(self, error: Exception) -> StudioError:
        """The error for the user. Raises Poisoned when the device is lost."""
        if isinstance(error, StudioError):
            return error
        fault = Fault.of(error)
        if fault.kind == POISONED:
            raise Poisoned(fault)
        return self._shop.forwards.explain(fault, "the training")

    def _forget(self, training_id: str) -> None:
        if teaching := self._find(training_id):
            self._end(teaching)

    def _end(self, teaching: Teaching) -> None:
        if self._is_under_way(teaching):
            self._close()
        self._queue.remove(teaching)

    def _close(self) -> None:
        if self._course is not None:
            self._course.close()
        self._course = None

    def _find(self, training_id: str) -> Teaching | None:
        return next((one for one in self._queue if one.train.training_id == training_id), None)

    def _is_under_way(self, teaching: Teaching) -> bool:
        return self._course is not None and self._queue[0] is teaching
