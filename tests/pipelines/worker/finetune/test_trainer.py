"""The trainer: it learns, each step depends on nothing but plan, step and state, and memory that is short is saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.errors import NotFinite, OutOfMemory
from pipelines.worker.finetune.objective import rows_of
from pipelines.worker.finetune.trainer import Trainer
from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import (
    BenchOf,
    are_equal,
    loss_of,
    picture,
    run,
    train,
    trainer_of,
)
from tests.pipelines.worker.workbench import Workbench


def learned(bench: Workbench, trainer: Trainer, steps: int) -> list[float]:
    return [run(bench, trainer.learn()) for _ in range(steps)]


def kept(trainer: Trainer) -> dict[str, torch.Tensor]:
    """What is taught and what the optimizer remembers, as it is now."""
    state = trainer.state("")
    return {name: one.clone() for name, one in (state.taught | state.optimizer).items()}


def test_the_loss_falls_on_one_picture(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    asked = train(tmp_path, each_toy, pictures=1, learning_rate=0.1, rank=4, min_snr_gamma=0.0)
    trainer = trainer_of(bench, asked)
    before = loss_of(bench, trainer)
    learned(bench, trainer, 10)

    assert loss_of(bench, trainer) < 0.95 * before


def test_what_the_model_knows_costs_nothing_until_it_begins_to_forget(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    trainer = trainer_of(bench, train(tmp_path, each_toy, trains_text=True, learning_rate=0.05))
    subject = trainer._subject
    schedule = subject.skeleton.model.training
    taught = rows_of(subject.plan, subject.examples, schedule, 0)
    known = [replace(row, is_kept=True) for row in taught]
    before = trainer._attempt(taught)[0], trainer._attempt(known)[0]
    learned(bench, trainer, 3)

    assert before[0] > 0
    assert before[1] < 1e-9
    assert trainer._attempt(known)[0] > 1e-6


def test_preserved_outputs_change_less_while_the_same_is_taught(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    """Of a picture that is taught, when nothing is said of it."""
    bench, drifts = bench_of(each_toy), []
    for preserves in (False, True):
        asked = train(
            tmp_path / str(preserves),
            each_toy,
            pictures=1,
            learning_rate=0.03,
            output_preservation=preserves,
            prior_weight=4.0,
        )
        trainer = trainer_of(bench, asked)
        subject = trainer._subject
        schedule = subject.skeleton.model.training
        examples = subject.examples
        shown = rows_of(subject.plan, examples, schedule, 1_000)[:1]
        learned(bench, trainer, 12)
        wordless = [replace(row, text=examples.nothing, is_kept=True) for row in shown]
        drifts.append(trainer._attempt(wordless)[0])

    assert drifts[1] < 0.7 * drifts[0]


def test_a_training_that_goes_on_from_its_state_learns_the_same_to_the_bit(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    asked = train(
        tmp_path,
        each_toy,
        trains_text=True,
        mirrors=True,
        caption_dropout=0.3,
        batch_size=2,
        output_preservation=True,
        prior_prompts=("a tree",),
    )
    bench = bench_of(each_toy)
    first = trainer_of(bench, asked)
    learned(bench, first, 3)
    half = first.state("plan")
    half = replace(half, taught=_copied(half.taught), optimizer=_copied(half.optimizer))
    learned(bench, first, 3)

    second = trainer_of(bench, asked)
    second.load(half)
    learned(bench, second, 3)

    assert second.step == 6
    assert are_equal(kept(first), kept(second))


def _copied(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in tensors.items()}


def test_another_seed_learns_otherwise(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench, outcomes = bench_of(toys["sd15"]), []
    for seed in (0, 1):
        trainer = trainer_of(bench, train(tmp_path, toys["sd15"], seed=seed))
        learned(bench, trainer, 2)
        outcomes.append(kept(trainer))

    assert not are_equal(*outcomes)


def test_the_global_random_numbers_are_neither_used_nor_used_up(
    toys: dict[str, CheckpointRef], tmp_path: Path
) -> None:
    torch.manual_seed(3)
    before, bench = torch.get_rng_state(), Workbench(toys["sd15"])
    learned(bench, trainer_of(bench, train(tmp_path, toys["sd15"], saves_memory=True)), 2)

    assert torch.equal(torch.get_rng_state(), before)


def test_gradients_are_on_within_a_step_only(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sd15"])
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"], batch_size=2))
    for _ in trainer.learn():
        assert not torch.is_grad_enabled()

    assert not torch.is_grad_enabled()
    for network in bench.model().networks:
        assert all(one.grad is None for one in network.module.parameters())


def test_pictures_of_other_sizes_share_a_step_but_no_forward(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    asked = train(tmp_path, toys["sd15"], batch_size=2)
    picture(tmp_path / "crops/001.png", 1, (128, 64))
    bench = bench_of(toys["sd15"])
    trainer, pauses = trainer_of(bench, asked), 0
    for _ in trainer.learn():
        pauses += 1

    assert (trainer.step, pauses) == (1, 1)


class Short:
    """A denoiser that takes no batch of more rows than this, or none at all so often."""

    def __init__(self, trainer: Trainer, *, rows: int = 99, times: int = 0) -> None:
        self.calls: list[int] = []
        self._rows, self._times = rows, times
        unet: Any = trainer._subject.skeleton.unet
        unet.register_forward_pre_hook(self._look)

    def _look(self, module: Any, inputs: tuple[Any, ...]) -> None:
        self.calls.append(len(inputs[0]))
        if len(inputs[0]) > self._rows or len(self.calls) <= self._times:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_when_memory_is_short_a_step_is_done_picture_by_picture_with_the_same_result(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    asked = train(tmp_path, toys["sd15"], batch_size=2)
    bench = bench_of(toys["sd15"])
    whole, parts = trainer_of(bench, asked), trainer_of(bench, asked)
    short = Short(parts, rows=1)
    expected, got = learned(bench, whole, 2), learned(bench, parts, 2)

    assert short.calls == [2, 2, 1, 1, 1, 1], "as it is, after others have left, one by one"
    assert got == pytest.approx(expected, rel=1e-5)
    for name, tensor in whole.state("").taught.items():
        torch.testing.assert_close(parts.state("").taught[name], tensor, rtol=1e-3, atol=1e-5)


def test_then_activations_are_computed_twice_and_then_it_is_said_how_much_was_missing(
    toys: dict[str, CheckpointRef], tmp_path: Path
) -> None:
    bench = Workbench(toys["sd15"])
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"], batch_size=2))
    Short(trainer, times=3)
    learned(bench, trainer, 1)
    assert trainer._subject.skeleton.unet.is_gradient_checkpointing

    trainer = trainer_of(bench, train(tmp_path, toys["sd15"], batch_size=2))
    Short(trainer, times=4)
    with pytest.raises(OutOfMemory, match=r"asked for 2\.0 GB") as error:
        learned(bench, trainer, 1)
    assert error.value.details["needed_bytes"] == 2**31


def test_gradient_checkpointing_changes_nothing(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench, outcomes = bench_of(each_toy), []
    for saves_memory in (False, True):
        asked = train(tmp_path, each_toy, trains_text=True, saves_memory=saves_memory)
        trainer = trainer_of(bench, asked)
        learned(bench, trainer, 2)
        outcomes.append(trainer.state("").taught)

    for name, tensor in outcomes[0].items():
        torch.testing.assert_close(outcomes[1][name], tensor, rtol=1e-4, atol=1e-6)


def test_a_training_that_runs_away_says_what_to_change(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sd15"])
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"]))
    unet: Any = trainer._subject.skeleton.unet
    unet.register_forward_hook(lambda module, inputs, output: (output[0] * torch.nan,))

    with pytest.raises(NotFinite, match="step 1") as error:
        learned(bench, trainer, 1)
    assert "learning rate (now 0.001)" in error.value.remedy
    assert trainer.step == 0


def test_a_bfloat16_model_is_trained_in_mixed_precision(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sd15"])
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"], precision="bfloat16"))
    seen: list[torch.dtype] = []
    unet: Any = trainer._subject.skeleton.unet
    unet.mid_block.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    learned(bench, trainer, 1)

    assert seen == [torch.bfloat16]
    assert {one.dtype for one in trainer.state("").taught.values()} == {torch.float32}
