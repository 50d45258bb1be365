"""A picture that finds no memory goes before a training: that rests at its last step, and neither loses a bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.worker.finetune.messages import TrainingDone, TrainingStage
from pipelines.worker.messages import CheckpointRef, PictureDone, PictureFailed
from pipelines.worker.weights import cache
from tests.pipelines.worker.finetune.classroom import are_equal, failure, taught, train, weights
from tests.pipelines.worker.finetune.test_trainings import has_said, said, uninterrupted
from tests.pipelines.worker.workbench import Workbench, alone

TURNS_MAX = 500
MESSAGE = "CUDA out of memory. Tried to allocate 2.00 GiB."


def is_held(bench: Workbench) -> bool:
    """Whether a training holds anything of the device."""
    engine: Any = bench.engine
    return engine._trainings._course is not None


def has_learned(bench: Workbench) -> Callable[[], bool]:
    """Whether a training has taken three steps."""
    engine: Any = bench.engine
    return lambda: bool(engine._trainings._queue) and engine._trainings._queue[0].step == 3


def turn_until(bench: Workbench, kind: type, count: int = 1) -> None:
    """Until so many pictures are done, or have failed."""
    for _ in range(TURNS_MAX):
        if len(bench.all(kind)) == count:
            return
        bench.engine.turn()
    raise AssertionError(f"no {kind.__name__} came: {bench.said[-3:]}")


@contextmanager
def full(bench: Workbench, network: str) -> Iterator[list[bool]]:
    """The network finds no memory as long as a training holds some; says for each forward whether it did."""
    module: Any = bench.network(network)
    module = module.decoder if network == "vae" else module
    tried: list[bool] = []

    def refuse(module: torch.nn.Module, args: Any) -> None:
        tried.append(is_held(bench))
        if tried[-1]:
            raise torch.OutOfMemoryError(MESSAGE)

    with module.register_forward_pre_hook(refuse):
        yield tried


@pytest.mark.parametrize("network", ["text_encoder", "denoiser", "vae"])
def test_a_forward_of_a_picture_that_finds_no_memory_is_tried_again_without_the_training(
    toy: CheckpointRef, tmp_path: Path, network: str
) -> None:
    bench, asked = Workbench(toy), train(tmp_path / "own", toy)
    taught(bench, asked, until=has_learned(bench))
    bench.submit()
    with full(bench, network) as tried:
        turn_until(bench, PictureDone)

    assert tried.count(True) == 1
    assert said(bench, TrainingStage)[-1].text == "waiting for memory"
    bench.run()
    assert torch.equal(bench.pixels(), alone(toy))
    assert are_equal(weights(asked), uninterrupted(toy, asked, tmp_path / "whole"))


def test_a_batch_is_tried_again_whole(toy: CheckpointRef, tmp_path: Path) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy, samples=0)
    taught(bench, asked, until=has_learned(bench))
    rows: list[int] = []

    def refuse(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        rows.append(len(kwargs["sample"]))
        if is_held(bench):
            raise torch.OutOfMemoryError(MESSAGE)

    bench.submit(batch_size=2)
    with bench.network("denoiser").register_forward_pre_hook(refuse, with_kwargs=True):
        turn_until(bench, PictureDone, 2)

    assert rows == [4] * 5, "two pictures with and without words; one of four steps twice"


@pytest.mark.parametrize("when", ["before the first step", "of step 6"])
def test_a_sample_that_finds_none_beside_a_picture_is_drawn_later(
    toy: CheckpointRef, tmp_path: Path, when: str
) -> None:
    """Before the first step it asks for the same forward as the picture, with which it shares it."""
    bench, asked = Workbench(toy), train(tmp_path / "own", toy, samples=1)
    engine: Any = bench.engine
    is_drawing = has_said(bench, TrainingStage, text=f"drawing samples {when}")
    taught(bench, asked, until=lambda: is_drawing() and bool(engine._loop._sleeping))
    bench.submit(prompt="a sks")
    with full(bench, "text_encoder"):
        turn_until(bench, PictureDone)
    bench.run()

    assert torch.equal(bench.pixels(), alone(toy, prompt="a sks"))
    assert said(bench, TrainingDone)
    assert are_equal(weights(asked), uninterrupted(toy, asked, tmp_path / "whole"))


def test_a_checkpoint_that_finds_no_memory_is_loaded_without_the_training(
    toy: CheckpointRef, other_toy: CheckpointRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, asked = Workbench(toy), train(tmp_path / "own", toy)
    taught(bench, asked, until=has_learned(bench))
    build: Callable[..., Any] = cache.build

    def refuse(weights: Any, device: Any) -> Any:
        if is_held(bench):
            raise torch.OutOfMemoryError(MESSAGE)
        return build(weights, device)

    monkeypatch.setattr(cache, "build", refuse)
    bench.submit(checkpoint=other_toy)
    turn_until(bench, PictureDone)

    assert has_said(bench, TrainingStage, text="waiting for memory")()
    monkeypatch.setattr(cache, "build", build)
    bench.run()
    assert torch.equal(bench.pixels(), alone(other_toy))
    assert are_equal(weights(asked), uninterrupted(toy, asked, tmp_path / "whole"))


def test_a_picture_that_finds_none_even_then_fails_and_the_training_goes_on(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench, asked = Workbench(toy), train(tmp_path / "own", toy, samples=0)
    taught(bench, asked, until=has_learned(bench))

    def refuse(module: torch.nn.Module, args: Any) -> None:
        raise torch.OutOfMemoryError(MESSAGE)

    bench.submit()
    with bench.network("denoiser").register_forward_pre_hook(refuse):
        turn_until(bench, PictureFailed)
    bench.run()

    assert said(bench, TrainingDone)
    assert are_equal(weights(asked), uninterrupted(toy, asked, tmp_path / "whole"))


def test_a_sample_that_finds_none_ends_its_training_and_does_not_send_it_away(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(toy)
    with full(bench, "denoiser"):
        taught(bench, train(tmp_path, toy, samples=1))

    assert failure(bench)["code"] == "out_of_memory"
