"""A worker that is told to stop writes what a training has learned before it goes."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pipelines.worker.engine.service import serve
from pipelines.worker.finetune.messages import TrainingProgress
from pipelines.worker.finetune.state import read
from pipelines.worker.messages import CheckpointRef, Launch, Stop
from pipelines.worker.pulse import Pulse
from tests.pipelines.worker.finetune.classroom import train
from tests.pipelines.worker.workbench import CPU


def test_what_was_learned_is_on_the_disk_when_the_process_has_ended(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    inbox: SimpleQueue[Any] = SimpleQueue()
    steps: list[int] = []

    def heard(message: Any) -> None:
        if isinstance(message, TrainingProgress):
            steps.append(message.step)
            inbox.put(Stop())

    inbox.put(train(tmp_path, toy, steps=500))

    assert serve(inbox, heard, Launch(device="cpu"), CPU, Pulse()) == 0
    state = read(tmp_path)
    assert state is not None
    assert state.step == steps[-1]
