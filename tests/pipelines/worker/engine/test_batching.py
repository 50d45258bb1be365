"""Joining the inputs of calls, and parting what comes out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput

from pipelines.worker.engine.batching import BatchRules, Joiner, likeness, part, row_of

RULES = BatchRules(rows=("sample", "text"), clock="timestep", steady=("text",))


def inputs(rows: int = 2, tokens: int = 77, **more: Any) -> dict[str, Any]:
    sample, text = torch.rand(rows, 4, 8, 8), torch.rand(rows, tokens, 16)
    return {"sample": sample, "timestep": 500.0, "text": text, "return_dict": False, **more}


def test_calls_of_equal_shapes_are_alike_whatever_their_number_of_rows() -> None:
    assert likeness(inputs(rows=1), RULES) == likeness(inputs(rows=3), RULES) is not None


@pytest.mark.parametrize(
    "other",
    [
        inputs(tokens=154),
        inputs(sample=torch.rand(2, 4, 8, 16)),
        inputs(sample=torch.rand(2, 4, 8, 8).half()),
        inputs(return_dict=True),
    ],
    ids=["text length", "size", "number format", "plain value"],
)
def test_calls_that_differ_are_not_alike(other: dict[str, Any]) -> None:
    assert likeness(other, RULES) != likeness(inputs(), RULES)


def test_an_undeclared_argument_refuses_company() -> None:
    assert likeness(inputs(added=torch.rand(2, 5)), RULES) is None
    assert likeness(inputs(sample=[torch.rand(4, 8, 8)]), RULES) is None
    assert likeness(inputs(), None) is None


def test_an_undeclared_argument_that_is_none_does_not_count() -> None:
    assert likeness(inputs(added=None), RULES) == likeness(inputs(), RULES)


def test_rows_are_joined_in_the_order_of_the_calls() -> None:
    one, two = inputs(rows=1), inputs(rows=2)

    joined = Joiner().join([one, two], RULES)

    assert torch.equal(joined["sample"], torch.cat([one["sample"], two["sample"]]))
    assert torch.equal(joined["text"], torch.cat([one["text"], two["text"]]))
    assert joined["return_dict"] is False


@pytest.mark.parametrize(
    "tick", [500.0, torch.tensor(500), torch.tensor([500.0, 500.0])], ids=["number", "0-d", "rows"]
)
def test_every_row_gets_the_timestep_of_its_own_call(tick: Any) -> None:
    joined = Joiner().join([inputs(rows=1) | {"timestep": 7}, inputs() | {"timestep": tick}], RULES)

    assert joined["timestep"].tolist() == [7.0, 500.0, 500.0]


def test_steady_inputs_are_joined_once_for_the_same_company() -> None:
    joiner, one, two = Joiner(), inputs(), inputs()

    first = joiner.join([one, two], RULES)["text"]
    again = joiner.join([one, two], RULES)["text"]
    reverse = joiner.join([two, one], RULES)["text"]

    assert again is first
    assert not torch.equal(reverse, first)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda tensor: tensor,
        lambda tensor: (tensor, tensor * 2),
        lambda tensor: UNet2DConditionOutput(sample=tensor),
    ],
    ids=["tensor", "tuple", "output of diffusers"],
)
def test_an_output_is_parted_by_rows(wrap: Any) -> None:
    whole = torch.arange(3.0).reshape(3, 1)

    parts = part(wrap(whole), [1, 2])

    for got, rows in zip(parts, (whole[:1], whole[1:]), strict=True):
        wanted = wrap(rows)
        assert type(got) is type(wanted)
        for left, right in zip(tensors(got), tensors(wanted), strict=True):
            assert torch.equal(left, right)


def tensors(output: Any) -> tuple[torch.Tensor, ...]:
    return (
        (output,)
        if isinstance(output, torch.Tensor)
        else tuple(output.values() if isinstance(output, dict) else output)
    )


SEVERAL = BatchRules(rows=("sample", "residuals"), clock="timestep")


def residual_inputs(rows: int, width: int = 4) -> dict[str, Any]:
    return {
        "sample": torch.rand(rows, 4, 8, 8),
        "timestep": 5.0,
        "residuals": (torch.rand(rows, width, 8, 8), torch.rand(rows, 2 * width, 4, 4)),
    }


def test_several_tensors_in_one_argument_are_joined_and_taken_apart_like_one() -> None:
    one, two = residual_inputs(1), residual_inputs(2)
    assert likeness(one, SEVERAL) == likeness(two, SEVERAL) is not None

    joined = Joiner().join([one, two], SEVERAL)["residuals"]
    last = row_of(two, SEVERAL, 1)["residuals"]

    for place in range(2):
        wanted = torch.cat([one["residuals"][place], two["residuals"][place]])
        assert torch.equal(joined[place], wanted)
        assert torch.equal(last[place], wanted[2:])


def test_calls_with_and_without_several_tensors_are_not_alike() -> None:
    without = {**residual_inputs(1), "residuals": None}

    assert likeness(residual_inputs(1), SEVERAL) != likeness(without, SEVERAL) is not None
    assert likeness(residual_inputs(1), SEVERAL) != likeness(residual_inputs(1, 6), SEVERAL)
    assert likeness({**residual_inputs(1), "residuals": ("no", "tensors")}, SEVERAL) is None


def test_one_row_can_be_taken_out() -> None:
    call = inputs()

    second = row_of(call, RULES, 1)

    assert torch.equal(second["sample"], call["sample"][1:])
    assert torch.equal(second["text"], call["text"][1:])
    assert second["timestep"].tolist() == [500.0]
