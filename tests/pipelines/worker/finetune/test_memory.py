"""What a training holds: the same after each step, only what it needs on a card, and nothing at all once it rests."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.counting import Ledger
from pipelines.worker.finetune.messages import RestTraining, TrainingRested
from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import run, taught, train, trainer_of
from tests.pipelines.worker.workbench import CPU, Workbench

GPU = replace(CPU, name="a GPU", has_own_memory=True)


@pytest.mark.parametrize(("saves_memory", "steps"), [(False, 5), (True, 5)])
def test_no_step_leaves_anything_behind(
    toys: dict[str, CheckpointRef], tmp_path: Path, saves_memory: bool, steps: int
) -> None:
    bench = Workbench(toys["sd15"])
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"], saves_memory=saves_memory))
    alive, most = [], []
    with Ledger() as ledger:
        for _ in range(steps):
            ledger.peak_bytes = ledger.alive_bytes
            run(bench, trainer.learn())
            alive.append(ledger.alive_bytes)
            most.append(ledger.peak_bytes)

    assert set(alive[1:]) == {alive[1]}, "moments come with the first step, then nothing more"
    assert set(most[2:]) == {most[2]}
    assert all(one.grad is None for group in trainer._groups for one in group.parameters)


@pytest.mark.parametrize("trains_text", [False, True])
def test_on_a_card_only_what_computes_in_a_step_is_there(
    toys: dict[str, CheckpointRef], tmp_path: Path, trains_text: bool
) -> None:
    ref = toys["sdxl"]
    bench = Workbench(ref, device=GPU)
    asked = train(tmp_path, ref, trains_text=trains_text, saves_memory=True)
    trainer = trainer_of(bench, asked)  # everything was encoded
    denoiser, vae, *encoders = bench.model().networks
    assert vae.is_here

    run(bench, trainer.learn())

    assert (denoiser.is_here, vae.is_here) == (True, False)
    assert [one.is_here for one in encoders] == [trains_text] * 2


def test_saving_memory_needs_less_of_it_at_once(
    toys: dict[str, CheckpointRef], tmp_path: Path
) -> None:
    def most(**fields: Any) -> int:
        bench = Workbench(toys["sd15"])
        trainer = trainer_of(bench, train(tmp_path, toys["sd15"], batch_size=2, **fields))
        run(bench, trainer.learn())
        with Ledger() as ledger:
            run(bench, trainer.learn())
        return ledger.peak_bytes

    assert most(saves_memory=True) < 0.7 * most(saves_memory=False)


def test_a_training_that_rests_gives_everything_back(
    toys: dict[str, CheckpointRef], tmp_path: Path
) -> None:
    bench = Workbench(toys["sd15"])
    asked = train(tmp_path, toys["sd15"], trains_text=True)
    model = bench.model()
    bench.models.release(model)
    engine: Any = bench.engine

    def is_learning() -> bool:
        queue = engine._trainings._queue
        return bool(queue) and queue[0].step >= 2

    taught(bench, asked, until=is_learning)
    held = holdings(engine._trainings._queue[0]._trainer)
    bench.engine.receive(RestTraining(asked.training_id))
    bench.run()
    gc.collect()

    assert [one for one in bench.said if isinstance(one, TrainingRested)]
    assert [name for name, one in held.items() if one() is not None] == []
    assert not any(holder.is_in_use for holder in bench.models.holders)
    own = [one for network in model.networks for one in network.module.parameters()]
    assert all(one.grad is None for one in own)


def holdings(trainer: Any) -> dict[str, weakref.ref[Any]]:
    """All that only the training should hold, by name."""
    subject = trainer._subject
    whole = {
        "trainer": trainer,
        "optimizer": trainer._optimizer,
        "method": subject.method,
        "skeleton": subject.skeleton,
        "unet": subject.skeleton.unet,
        "text encoder": subject.skeleton.text_encoders[0],
        "example": subject.examples.taught[0],
        "parameter": subject.method.groups()[0].parameters[0],
    }
    moments = next(iter(trainer._optimizer.state.values()))
    whole |= {name: one for name, one in moments.items() if isinstance(one, torch.Tensor)}
    return {name: weakref.ref(one) for name, one in whole.items()}
