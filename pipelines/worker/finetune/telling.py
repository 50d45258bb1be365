"""Telling: how a training says how far it is, not more often than somebody can read."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable

from pipelines.worker.finetune.messages import TrainingProgress, TrainingStage
from pipelines.worker.finetune.workshop import Workshop

TELL_SECONDS = 0.5
TIMED_STEPS = 20


class Telling:
    """Of one training, to the web process."""

    def __init__(self, shop: Workshop, training_id: str) -> None:
        self._send: Callable[[object], None] = shop.send
        self._clock, self._id = shop.clock, training_id
        self._stage = ""
        self._losses: list[float] = []  # since the last message
        self._seconds: deque[float] = deque(maxlen=TIMED_STEPS)
        self._told_at = float("-inf")

    def stage(self, text: str) -> None:
        """What is done now, in words; said once."""
        if text != self._stage:
            self._stage = text
            self._send(TrainingStage(self._id, text))

    def stepped(self, step: int, loss: float, rate: float, seconds: float) -> None:
        """`step` steps are done, the last one at this rate in so many seconds of work."""
        self._losses.append(loss)
        self._seconds.append(seconds)
        if self._clock() - self._told_at >= TELL_SECONDS:
            self.all_steps(step, rate)

    def all_steps(self, step: int, rate: float) -> None:
        """Now, if anything has not been said."""
        if not self._losses:
            return
        mean = sum(self._losses) / len(self._losses)
        middle = statistics.median(self._seconds)
        self._send(TrainingProgress(self._id, step, mean, rate, middle))
        self._losses.clear()
        self._told_at = self._clock()
