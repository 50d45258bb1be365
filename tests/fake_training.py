"""A training as the fake worker plays it: steps that take no thought, files where they belong, and faults by script.

Words in its sample prompts say what happens: `fake:step=0.05` how long a step takes and `fake:mark=1` keeping one,
`fake:die@3` and `fake:oom@3` at which step it dies or fails, `fake:full@3` that the disk is full there, `fake:room@3`
that it makes room for pictures. `fake:once=FOLDER`: what happens, happens only the first time; FOLDER remembers.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

from pipelines.errors import DiskFull, OutOfMemory
from pipelines.request import Request
from pipelines.worker.finetune.messages import (
    Train,
    TrainingDone,
    TrainingDropped,
    TrainingFailed,
    TrainingMark,
    TrainingProgress,
    TrainingRested,
    TrainingSample,
    TrainingStage,
)
from pipelines.worker.messages import Pixels

STATE = "state.training"
STEP_SECONDS = 0.005
LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"

Say = Callable[[Any], None]


class FakeTraining:
    """One of them; `advance` takes one step and says what there is to say."""

    def __init__(self, order: Train, script: dict[str, str], say: Say) -> None:
        self.order, self._script, self._say = order, script, say
        self._folder, self._plan = Path(order.folder), order.plan
        state = self._folder / STATE
        self.step = json.loads(state.read_bytes())["step"] if state.exists() else 0
        self.is_over = False
        for lesson in order.lessons:
            with Image.open(lesson.path) as picture:
                picture.load()
        self._say(TrainingStage(self.id, "training"))
        if not self.step:
            self._samples()

    @property
    def id(self) -> str:
        return self.order.training_id

    def advance(self) -> None:
        time.sleep(float(self._script.get("step", STEP_SECONDS)))
        self.step += 1
        self._suffer()
        if self.is_over:
            return
        loss = 1.0 / (1 + self.step)
        self._say(TrainingProgress(self.id, self.step, loss, 1e-4, 0.01))
        is_last = self.step >= self._plan["steps"]
        if is_last or self.step % self._plan["sample_every"] == 0:
            self._keep()
        if is_last:
            self.finish(is_kept=True)

    def rest(self) -> None:
        self._write_state()
        self._end(TrainingRested(self.id, self.step))

    def finish(self, *, is_kept: bool = False) -> None:
        if not is_kept:
            self._keep()
        self._end(TrainingDone(self.id, self.step, self.step))

    def drop(self) -> None:
        self._end(TrainingDropped(self.id))

    def _end(self, message: Any) -> None:
        self.is_over = True
        self._say(message)

    def _suffer(self) -> None:
        """Does what the script says happens at this step."""
        if self._happens("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._happens("oom"):
            error = OutOfMemory("The fake device has 8.0 GB, 9.1 GB are needed.")
            self._end(TrainingFailed(self.id, error.as_dict()))
        elif self._happens("full"):
            full = DiskFull("The disk is full.", "Make room there, then try again.")
            self._end(TrainingFailed(self.id, full.as_dict()))
        elif self._happens("room"):
            self.rest()

    def _happens(self, word: str) -> bool:
        if self._script.get(word) != str(self.step):
            return False
        if "once" not in self._script:
            return True
        marker = Path(self._script["once"]) / f"{self.id}-{word}"
        if marker.exists():
            return False
        marker.touch()
        return True

    # ---- files ---------------------------------------------------------------------------------------

    def _keep(self) -> None:
        name = f"{self._plan['name']}-{self.step:06}.safetensors"
        path = self._folder / "steps" / name
        path.parent.mkdir(exist_ok=True)
        save_file(self._weights(), path, metadata=dict(self.order.metadata))
        self._write_state()
        time.sleep(float(self._script.get("mark", 0)))
        self._samples()
        self._say(TrainingMark(self.id, self.step, name, 1.0 / self.step, 0.5))

    def _weights(self) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
        if self._plan["method"] == "embedding":
            return {"emb_params": np.full((1, 768), self.step, np.float32)}
        rank = self._plan["rank"]
        return {
            f"{LAYER}.lora_down.weight": np.full((rank, 320), self.step, np.float16),
            f"{LAYER}.lora_up.weight": np.full((320, rank), self.step, np.float16),
            f"{LAYER}.alpha": np.array(float(rank), np.float16),
        }

    def _write_state(self) -> None:
        part = self._folder / f"{STATE}.part"
        part.write_text(json.dumps({"step": self.step}))
        part.replace(self._folder / STATE)

    def _samples(self) -> None:
        for index, values in enumerate(self.order.samples):
            width, height = Request.from_dict(values).size
            pixels = bytes([self.step % 256, index, 0]) * (width * height)
            self._say(TrainingSample(self.id, self.step, index, Pixels(width, height, pixels)))


def words(order: Train) -> Iterator[str]:
    """Where its script stands."""
    return (str(values["prompt"]) for values in order.samples)
