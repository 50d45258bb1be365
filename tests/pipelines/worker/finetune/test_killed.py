"""A worker that is killed in the middle of a training: the next one comes to the same weights, to the bit."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.finetune.plan import EMBEDDING
from pipelines.worker.finetune.messages import (
    Train,
    TrainingDone,
    TrainingFailed,
    TrainingMark,
    TrainingProgress,
    TrainingSample,
    TrainingStage,
)
from pipelines.worker.finetune.state import read
from pipelines.worker.messages import CheckpointRef, Launch
from pipelines.worker.process import main
from tests.forked import forking
from tests.pipelines.worker.finetune.classroom import are_equal, elsewhere, train, weights

pytestmark = pytest.mark.real
SECONDS = 60.0
# What the worker has just said when it is killed.
POINTS = {
    "class pictures": lambda said: said == TrainingStage("one", "drawing 2 of 2 class pictures"),
    "latents": lambda said: said == TrainingStage("one", "preparing picture 3 of 4"),
    "a step": lambda said: isinstance(said, TrainingProgress) and said.step == 1,
    "samples of a mark": lambda said: isinstance(said, TrainingSample) and said.step == 4,
    "a mark": lambda said: isinstance(said, TrainingMark) and said.step == 4,
}
# Family, fields, and how the keys of all that learns begin.
OTHERS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "SDXL with its text encoders": (
        "sdxl",
        {"trains_text": True, "text_learning_rate": 1e-3, "priors": 1},
        ("lora_unet", "lora_te1", "lora_te2"),
    ),
    "an embedding": ("sd15", {"method": EMBEDDING, "vectors": 2}, ("emb_params",)),
}


class Worker:
    """A real process, on one thread of the processor."""

    def __init__(self) -> None:
        context = forking()
        self._here, there = context.Pipe()
        launch = Launch(device="cpu")
        self.process = context.Process(target=main, args=(there, launch), daemon=True)
        self.process.start()
        there.close()

    @property
    def here(self) -> Connection:
        return self._here

    def do(self, asked: Train, until: Any) -> Any:
        """Has it train, up to a message for which `until` is true."""
        self._here.send(asked)
        while True:
            assert self._here.poll(SECONDS), "it says nothing"
            said = self._here.recv()
            assert not isinstance(said, TrainingFailed), said.error
            if until(said):
                return said

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self._here.close()


def is_done(said: Any) -> bool:
    return isinstance(said, TrainingDone)


def asked_in(folder: Path, toy: CheckpointRef) -> Train:
    return train(
        folder,
        toy,
        priors=2,
        samples=1,
        sample_every=4,
        mirrors=True,
        batch_size=2,
        output_preservation=True,
        prior_prompts=("a tree",),
    )


@pytest.fixture(scope="module")
def undisturbed() -> Iterator[Worker]:
    """Never killed: what it comes to is what the others must come to."""
    worker = Worker()
    yield worker
    worker.kill()


@pytest.fixture(scope="module")
def uninterrupted(
    toy: CheckpointRef, undisturbed: Worker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of the same training, left alone."""
    folder = tmp_path_factory.mktemp("whole")
    undisturbed.do(asked_in(folder, toy), is_done)
    return folder


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_it_comes_to_the_same_weights(
    toy: CheckpointRef, tmp_path: Path, uninterrupted: Path, point: str
) -> None:
    asked = asked_in(tmp_path, toy)
    for until in (POINTS[point], is_done):
        do(asked, until)

    come_to_the_same(asked, elsewhere(asked, uninterrupted))


@pytest.mark.parametrize("kind", OTHERS)
def test_what_else_is_taught_comes_to_the_same_weights_though_killed_twice(
    toys: dict[str, CheckpointRef], tmp_path: Path, undisturbed: Worker, kind: str
) -> None:
    family, fields, learned = OTHERS[kind]
    given = {
        "pictures": 3,
        "held_out": 1,
        "samples": 1,
        "sample_every": 4,
        "batch_size": 2,
        **fields,
    }
    whole = train(tmp_path / "whole", toys[family], caption_dropout=0.3, **given)
    undisturbed.do(whole, is_done)
    asked = elsewhere(whole, tmp_path / "killed")
    for until in (POINTS["a step"], POINTS["a mark"], is_done):
        do(asked, until)

    come_to_the_same(asked, whole)
    before, after = weights(asked, 4), weights(asked, 6)
    for beginning in learned:
        keys = [key for key in after if key.startswith(beginning)]
        assert not all(torch.equal(before[key], after[key]) for key in keys)


def do(asked: Train, until: Any) -> None:
    """As far as this, by a worker that is killed then."""
    worker = Worker()
    worker.do(asked, until)
    worker.kill()


def come_to_the_same(asked: Train, whole: Train) -> None:
    """To the bit: the weights of both steps that are kept, and all that it would go on from."""
    for step in (4, 6):
        assert are_equal(weights(asked, step), weights(whole, step))
    own, other = read(Path(asked.folder)), read(Path(whole.folder))
    assert own is not None
    assert other is not None
    assert own.step == other.step == 6
    assert are_equal(own.taught, other.taught)
    assert are_equal(own.optimizer, other.optimizer)
    assert own.marks == other.marks
    assert any(bool(tensor.abs().max() > 0) for tensor in own.taught.values())
    assert torch.isfinite(torch.cat([one.flatten() for one in own.taught.values()])).all()
