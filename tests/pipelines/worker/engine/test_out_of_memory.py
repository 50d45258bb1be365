"""Memory runs out at every place in turn: recovered to the same bits, or ended with figures; nothing leaks."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from pipelines.worker.messages import CheckpointRef, PictureDone, PictureFailed
from tests.pipelines.worker.workbench import Workbench, alone

STEPS = 4
MESSAGE = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB"


class Shortage:
    """Raises at the forwards of a network whose numbers are given, counted from 1; keeps watch on what it saw."""

    def __init__(self, at: range) -> None:
        self._at = at
        self.forwards = 0
        self.seen: list[weakref.ref[torch.Tensor]] = []

    def __call__(self, module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        self.forwards += 1
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
        self.seen += [weakref.ref(tensor) for tensor in tensors]
        if self.forwards in self._at:
            activations = tensors[0] * 2
            self.seen.append(weakref.ref(activations))
            raise torch.OutOfMemoryError(MESSAGE)

    def alive(self) -> int:
        """How many of the tensors still exist, other than the embeddings that are kept on purpose."""
        gc.collect()
        return sum(1 for ref in self.seen if (t := ref()) is not None and t.shape[-2:] != (77, 16))


@contextmanager
def shortage(bench: Workbench, network: str, at: range) -> Iterator[Shortage]:
    module: Any = bench.network(network)
    module = module.decoder if network == "vae" else module
    hook = Shortage(at)
    with module.register_forward_pre_hook(hook, with_kwargs=True):
        yield hook


PLACES = [("denoiser", n) for n in range(1, STEPS + 1)] + [
    ("text_encoder", 1),
    ("text_encoder", 2),
    ("vae", 1),
]


@pytest.mark.parametrize(("network", "number"), PLACES)
def test_a_shortage_that_passes_changes_no_bit(
    toy: CheckpointRef, network: str, number: int
) -> None:
    bench = Workbench(toy)
    with shortage(bench, network, range(number, number + 1)) as hook:
        bench.submit(steps=STEPS)
        bench.run()

    assert hook.forwards > number
    assert torch.equal(bench.pixels(), alone(toy, steps=STEPS))
    assert hook.alive() == 0


@pytest.mark.parametrize(("network", "number"), PLACES)
def test_a_shortage_that_stays_ends_with_figures_and_the_next_picture_is_right(
    toy: CheckpointRef, network: str, number: int
) -> None:
    bench = Workbench(toy)
    with shortage(bench, network, range(number, 1000)) as hook:
        bench.submit("too much", steps=STEPS)
        bench.run()

    (failure,) = bench.all(PictureFailed, "too much")
    assert failure.error["code"] == "out_of_memory"
    assert "2.0 GB more" in failure.error["message"]
    assert failure.error["needed_bytes"] == 2 * 2**30
    assert failure.error["free_bytes"] > 0
    assert failure.error["remedy"]
    assert bench.ended() == ["too much"]
    assert hook.alive() == 0

    bench.submit("next", steps=STEPS)
    bench.run()
    assert torch.equal(bench.pixels("next"), alone(toy, steps=STEPS))


def test_a_batch_that_is_too_large_is_halved_and_all_pictures_come(toy: CheckpointRef) -> None:
    bench, tried = Workbench(toy), []

    def limit(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        tried.append(len(kwargs["sample"]))
        if len(kwargs["sample"]) > 4:
            raise torch.OutOfMemoryError(MESSAGE)

    with bench.network("denoiser").register_forward_pre_hook(limit, with_kwargs=True):
        bench.submit(batch_size=8, steps=STEPS)
        bench.run()

    assert len(bench.all(PictureDone)) == 8
    assert tried[0] == 16
    assert sum(rows > 4 for rows in tried) <= 4, "what failed once is not tried at every step"
    for index in range(8):
        difference = bench.pixels(index=index) - alone(toy, steps=STEPS, seed=7 + index)
        assert difference.abs().max() <= 1


def test_room_is_made_by_models_that_nobody_uses(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    bench = Workbench(toy)
    bench.submit("before", checkpoint=other_toy)
    bench.run()
    crowded = []

    def limit(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        crowded.append("other" in bench.models.names)
        if crowded[-1]:
            raise torch.OutOfMemoryError(MESSAGE)

    with bench.network("denoiser").register_forward_pre_hook(limit, with_kwargs=True):
        bench.submit("now", steps=2)
        bench.run()

    assert crowded == [True, False, False]
    assert bench.models.names == ("toy",)
    assert torch.equal(bench.pixels("now"), alone(toy, steps=2))


def test_when_one_row_fits_but_two_do_not_the_picture_still_comes(toy: CheckpointRef) -> None:
    bench = Workbench(toy)

    def limit(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        if len(kwargs["sample"]) > 1:
            raise torch.OutOfMemoryError(MESSAGE)

    with bench.network("denoiser").register_forward_pre_hook(limit, with_kwargs=True):
        bench.submit(steps=STEPS)
        bench.run()

    assert (bench.pixels() - alone(toy, steps=STEPS)).abs().max() <= 1
