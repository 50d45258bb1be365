"""Trials: a tiny real picture, to know that a checkpoint works and the device still answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pipelines.asking.sampling import Sampling
from pipelines.errors import StudioError
from pipelines.request import Request
from pipelines.worker.engine.forwards import Forwards
from pipelines.worker.engine.loop import Loop
from pipelines.worker.engine.task import Task
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.still import Brief, Look, still
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model

# The smallest picture that goes the whole way: words, one step, pixels.
TRIAL = Request(
    width=64,
    height=64,
    seed=0,
    sampling=Sampling(sampler="Euler", schedule="Uniform", steps=1, guidance_scale=1.0),
)

OnEnd = Callable[[str], None]  # gets what was wrong, or an empty string


class Trials:
    """Those that wait for their checkpoint; one that has started is an ordinary task of the loop."""

    def __init__(self, models: Models, loop: Loop, forwards: Forwards) -> None:
        self._models, self._loop, self._forwards = models, loop, forwards
        self._waiting: list[tuple[CheckpointRef, OnEnd]] = []

    def add(self, checkpoint: CheckpointRef, on_end: OnEnd) -> None:
        self._waiting.append((checkpoint, on_end))

    @property
    def is_waiting(self) -> bool:
        """Whether some have not started."""
        return bool(self._waiting)

    @property
    def is_short_of_memory(self) -> bool:
        """Whether some wait for more than a file."""
        return any(not self._models.is_reading(checkpoint) for checkpoint, _ in self._waiting)

    def start_those_ready(self) -> None:
        """Starts the trials whose checkpoint is loaded; the others are asked again at the next turn."""
        waiting, self._waiting = self._waiting, []
        for checkpoint, on_end in waiting:
            try:
                model = self._models.lease(checkpoint)
            except StudioError as error:
                on_end(error.message)
                continue
            if model is None:
                self._waiting.append((checkpoint, on_end))
                continue
            recipe = partial(still, Brief(TRIAL, seed=0), model, _unseen)
            self._loop.start(Task(recipe, partial(self._ended, model, on_end), is_exact=True))

    def _ended(self, model: Model, on_end: OnEnd, task: Task) -> None:
        self._models.release(model)
        error = self._forwards.explain(task.fault) if task.fault else task.error
        on_end(error.message if error else "")


def _unseen(look: Look) -> None:
    """A trial picture is for nobody's eyes."""
