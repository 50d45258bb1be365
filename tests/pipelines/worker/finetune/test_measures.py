"""Measures: a held-out loss that compares weights and nothing else, and the step that it calls the best."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipelines.finetune.training import Mark
from pipelines.worker.finetune.examples import Example
from pipelines.worker.finetune.measures import LEVELS, best_step, held_out_loss, rows_of
from pipelines.worker.finetune.trainer import Trainer
from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import BenchOf, run, train, trainer_of
from tests.pipelines.worker.workbench import Workbench


def loss_of(bench: Workbench, trainer: Trainer) -> float | None:
    subject, schedule = trainer._subject, bench.model().training
    return run(bench, held_out_loss(subject.method, subject.skeleton, subject.examples, schedule))


def test_the_same_weights_have_the_same_loss_and_others_another(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    trainer = trainer_of(bench, train(tmp_path, each_toy, held_out=1, learning_rate=0.02))

    before = loss_of(bench, trainer)
    assert before is not None
    assert loss_of(bench, trainer) == before
    run(bench, trainer.learn())
    run(bench, trainer.learn())

    assert loss_of(bench, trainer) != before


def test_another_seed_of_the_plan_measures_the_same(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)
    losses = {
        loss_of(bench, trainer_of(bench, train(tmp_path, toy, held_out=1, seed=seed)))
        for seed in (0, 1)
    }

    assert len(losses) == 1  # nothing has been learned yet


def test_without_held_out_pictures_there_is_none(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)

    assert loss_of(bench, trainer_of(bench, train(tmp_path, toy))) is None


def test_measuring_changes_nothing_that_is_trained(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)
    trainer = trainer_of(bench, train(tmp_path, toy, held_out=1))
    before = {name: one.clone() for name, one in trainer.state("").taught.items()}
    loss_of(bench, trainer)

    assert all(torch.equal(before[name], one) for name, one in trainer.state("").taught.items())
    assert all(one.grad is None for own in trainer._groups for one in own.parameters)


def test_every_picture_is_looked_at_from_little_noise_to_much(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)
    trainer = trainer_of(bench, train(tmp_path, toy, pictures=3, held_out=2))
    held_out: tuple[Example, ...] = trainer._subject.examples.held_out

    rows = list(rows_of(held_out, bench.model().training))

    assert len(rows) == 2 * LEVELS
    timesteps = [row.chance.timestep for row in rows[:LEVELS]]
    assert timesteps == sorted(set(timesteps))
    assert 0 < timesteps[0] < 100
    assert 900 < timesteps[-1] < 1000
    assert len({row.chance.noise.numpy().tobytes() for row in rows}) == len(rows)


COURSES = {
    "the lowest": ((0.3, 0.2, 0.25), 2),
    "the first of equals": ((0.2, 0.2), 1),
    "not measured": ((None, None), 9),
    "in part measured": ((None, 0.4, 0.5), 2),
    "no mark": ((), 9),
}


@pytest.mark.parametrize(("losses", "step"), COURSES.values(), ids=COURSES)
def test_the_best_step(losses: tuple[float | None, ...], step: int) -> None:
    marks = [
        Mark(step=number, file="", held_out_loss=loss) for number, loss in enumerate(losses, 1)
    ]

    assert best_step(marks, 9) == step
