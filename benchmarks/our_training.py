"""Our side of the comparison of trainings: the real engine on this thread, given a training and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from pipelines.worker.device.choice import pick_device, settle
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.engine import Bench, Engine
from pipelines.worker.finetune.messages import Train, TrainingFailed
from pipelines.worker.messages import Launch
from pipelines.worker.pulse import Pulse
from pipelines.worker.weights.cache import Models

PAUSE_SECONDS = 0.005  # while a checkpoint is read


class OurTraining:
    """The first step comes after class pictures were drawn and all pictures and captions encoded."""

    def __init__(self, train: Train, device: str = "cpu") -> None:
        launch = Launch(device=device)
        chosen = pick_device(launch)
        settle(chosen)
        memory = Memory(chosen.torch_device)
        self._models = Models(chosen, memory, ThreadPoolExecutor(1), launch)
        self._said: list[Any] = []
        bench = Bench(chosen, memory, self._models, Pulse())
        self._engine: Any = Engine(bench, launch, self._said.append)
        self._train = train
        self._load()

    def begin(self) -> None:
        """Everything before the first step, and that one."""
        self._engine.receive(self._train)
        self.step()

    def step(self) -> None:
        """One step of the optimizer."""
        asked = self._step + 1
        while self._step < asked:
            if not self._engine.turn():
                time.sleep(PAUSE_SECONDS)
            failed = [one.error for one in self._said if isinstance(one, TrainingFailed)]
            if failed:
                raise RuntimeError(f"the training failed: {failed[0]}")

    def network_tensors(self) -> Iterator[Tensor]:
        """Of the loaded checkpoint."""
        for network in self._model.networks:
            yield from network.module.parameters()

    @property
    def _step(self) -> int:
        queue = self._engine._trainings._queue  # the page is told only twice a second
        return queue[0].step if queue else 0

    def _load(self) -> None:
        while (model := self._models.lease(self._train.checkpoint)) is None:
            time.sleep(PAUSE_SECONDS)
        self._model = model
        torch.set_grad_enabled(False)
