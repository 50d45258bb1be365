"""Optimizers: what they remember makes another one go on as they would."""

from __future__ import annotations

import importlib.util
import sys
import types

import pytest
import torch
from torch import nn

from pipelines.errors import RequestError, StateDamaged
from pipelines.finetune.plan import OPTIMIZERS
from pipelines.worker.finetune.method import Group
from pipelines.worker.finetune.optimizers import MAKERS, optimizer_of, remembered, remind

CPU = torch.device("cpu")


def group(seed: int = 0) -> Group:
    chance = torch.Generator().manual_seed(seed)
    parameters = (nn.Parameter(torch.rand(3, generator=chance)), nn.Parameter(torch.zeros(2)))
    return Group("unet", parameters, 0.1)


def move(optimizer: torch.optim.Optimizer, own: Group, times: int) -> None:
    for number in range(times):
        for parameter in own.parameters:
            parameter.grad = torch.full_like(parameter, number + 1.0)
        optimizer.step()


def test_every_optimizer_of_a_plan_can_be_made() -> None:
    assert set(MAKERS) == set(OPTIMIZERS)


def test_one_that_is_reminded_goes_on_as_the_other_one() -> None:
    first, second = group(), group()
    one = optimizer_of("AdamW", [first], CPU)
    move(one, first, 3)
    tensors, numbers = remembered(one)
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    other = optimizer_of("AdamW", [second], CPU)
    remind(other, tensors, numbers)
    for parameter, moved in zip(second.parameters, first.parameters, strict=True):
        parameter.data.copy_(moved)
    move(one, first, 2)
    move(other, second, 2)

    assert all(map(torch.equal, first.parameters, second.parameters))


def test_before_the_first_step_there_is_nothing_to_remember() -> None:
    own = group()
    optimizer = optimizer_of("AdamW", [own], CPU)

    assert remembered(optimizer) == ({}, {})
    remind(optimizer, {}, {})


def test_what_is_of_other_parameters_is_not_taken() -> None:
    with pytest.raises(StateDamaged, match="6 parameters, this training has 2"):
        remind(optimizer_of("AdamW", [group()], CPU), {"5.exp_avg": torch.zeros(3)}, {})


def test_eight_bits_are_for_cuda() -> None:
    with pytest.raises(RequestError, match="optimizer") as error:
        optimizer_of("AdamW 8-bit", [group()], CPU)
    assert error.value.field == "optimizer"


@pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed"
)
def test_eight_bits_want_a_library_which_is_named() -> None:
    with pytest.raises(RequestError, match="needs bitsandbytes") as error:
        optimizer_of("AdamW 8-bit", [group()], torch.device("cuda"))
    assert 'Choose "AdamW"' in error.value.remedy


def test_a_library_that_cannot_be_used_is_an_error_about_the_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = types.ModuleType("bitsandbytes")
    package.__path__ = []
    package.__spec__ = importlib.util.spec_from_loader("bitsandbytes", None)
    monkeypatch.setitem(sys.modules, "bitsandbytes", package)

    with pytest.raises(RequestError, match="cannot be used"):
        optimizer_of("AdamW 8-bit", [group()], torch.device("cuda"))
