"""A job inside the worker: its pictures that wait, those under way, and the messages it ends with."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pipelines.request import Request
from pipelines.worker.engine.batching import Patch
from pipelines.worker.engine.task import Task
from pipelines.worker.messages import GuideRef, PictureTask, Submit
from pipelines.worker.weights.outfits import Outfit


@dataclass(eq=False)
class WorkerJob:
    """One Submit under way."""

    submit: Submit
    waiting: deque[PictureTask]
    request: Request = field(default_factory=Request)
    active: list[Task] = field(default_factory=list)
    is_cancelled: bool = False
    stage: str = ""  # the last one that was told

    @property
    def patch(self) -> Patch:
        """What its pictures want of the networks."""
        return Patch(self.submit.loras)

    @property
    def guides(self) -> tuple[GuideRef, ...]:
        """The files of all that guides its pictures, each once."""
        return tuple(dict.fromkeys(file for task in self.submit.controls for file in task.files))

    @property
    def outfit(self) -> Outfit:
        """What its pictures bring beside that."""
        return Outfit(self.submit.vae, self.submit.embeddings)

    @property
    def has_room(self) -> bool:
        """Whether one more of its pictures may develop beside the others: batch_size at once."""
        return bool(self.waiting) and len(self.active) < self.request.batch_size

    @property
    def is_over(self) -> bool:
        return not self.waiting and not self.active
