"""Our side of the comparisons within one process: the real engine on this thread, without pipe and files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.subject import Subject
from pipelines.worker.device.choice import pick_device, settle
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.engine import Bench, Engine
from pipelines.worker.messages import (
    JobEnded,
    Launch,
    PictureDone,
    PictureFailed,
    PictureHeld,
    PictureTask,
    Submit,
)
from pipelines.worker.pulse import Pulse
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model

PAUSE_SECONDS = 0.005  # while a checkpoint is read


class EngineHere:
    """The engine as the worker process has it, previews and kept steps included. The first picture loads the model."""

    def __init__(self, subject: Subject, max_active_pictures: int = 8) -> None:
        launch = Launch(device=subject.device, max_active_pictures=max_active_pictures)
        self.subject = subject
        self.device = pick_device(launch)
        settle(self.device)
        memory, self.pulse = Memory(self.device.torch_device), Pulse()
        self._models = Models(self.device, memory, ThreadPoolExecutor(1), launch)
        bench = Bench(self.device, memory, self._models, self.pulse)
        self._engine = Engine(bench, launch, self._take)
        self._messages: list[Any] = []
        self._jobs = 0

    def model(self) -> Model:
        """The loaded model itself."""
        self.develop(["warm-up"], [0])
        model = self._models.lease(self.subject.checkpoint.ref())
        assert model is not None
        return model

    def develop(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[Any]:
        """One job for each prompt, all submitted at once; the messages that end its pictures."""
        jobs = [
            self._submit(prompt, (PictureTask(0, seed),))
            for prompt, seed in zip(prompts, seeds, strict=True)
        ]
        return self._until_ended(jobs)

    def drafts(self, prompt: str, seeds: Sequence[int], steps: int) -> list[Any]:
        """One job of several pictures, each held after so many steps."""
        tasks = tuple(PictureTask(index, seed) for index, seed in enumerate(seeds))
        return self._until_ended([self._submit(prompt, tasks, hold_after_steps=steps)])

    def _submit(
        self, prompt: str, tasks: tuple[PictureTask, ...], hold_after_steps: int | None = None
    ) -> str:
        self._jobs += 1
        request = self.subject.request(prompt, tasks[0].seed).as_dict()
        request["batch_size"] = len(tasks)
        job_id = str(self._jobs)
        checkpoint = self.subject.checkpoint.ref()
        self._engine.receive(Submit(job_id, request, checkpoint, tasks, hold_after_steps))
        return job_id

    def _until_ended(self, jobs: list[str]) -> list[Any]:
        self._messages.clear()
        while sum(isinstance(message, JobEnded) for message in self._messages) < len(jobs):
            if not self._engine.turn():
                time.sleep(PAUSE_SECONDS)
        failed = [one for one in self._messages if isinstance(one, PictureFailed)]
        if failed:
            raise RuntimeError(f"a picture failed: {failed[0].error}")
        return [one for one in self._messages if isinstance(one, PictureDone | PictureHeld)]

    def _take(self, message: Any) -> None:
        self._messages.append(message)
