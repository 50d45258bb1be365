"""Planning: what cannot be used is told and left open, never lost; who is held out is spread; demands are sane."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines import RequestError
from pipelines.catalog.about import About
from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.catalog.embeddings import EmbeddingFile
from pipelines.finetune.pictures.intake import Sent
from pipelines.finetune.plan import Plan
from pipelines.finetune.planning.defaults import settled
from pipelines.finetune.planning.demands import disk_bytes, seconds
from pipelines.finetune.planning.planning import held_out, read
from pipelines.finetune.planning.problems import base_of, problems, warnings
from pipelines.finetune.training import Training
from pipelines.works.work import DONE

BASE = Checkpoint(name="base", path=Path("base"), family="sd15")
XL = Checkpoint(name="xl", path=Path("xl"), family="sdxl")
GB = 2**30


def view(*others: Other, checkpoints: tuple[Checkpoint, ...] = (BASE,)) -> View:
    return View(checkpoints=checkpoints, others=others)


def plan(**changes: Any) -> Plan:
    return settled(Plan(name="Rex", class_word="dog", **changes), 5, BASE)


def told(one: Plan, seen: View, names: tuple[str, ...] = ()) -> list[str]:
    return [error.field for error in problems(one, seen, is_cuda=False, names=names)]


# ---- reading -------------------------------------------------------------------------------------------


def test_fields_that_cannot_be_used_are_told_and_left_open() -> None:
    given = {"name": "Rex", "steps": -1, "kind": "opera", "rank": "x", "seed": 7, "what": 1}

    found, wrong = read(given)

    assert sorted(error.field for error in wrong) == ["kind", "rank", "steps", "what"]
    assert (found.name, found.seed, found.steps, found.kind) == ("Rex", 7, None, "subject")


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_plan_without_a_name_is_read_all_the_same(name: str | None) -> None:
    found, wrong = read({"name": name, "rank": 4})

    assert [error.field for error in wrong] == ["name"]
    assert (found.name, found.rank) == ("", 4)
    assert settled(found, 5, BASE).trigger == ""


@pytest.mark.parametrize("values", [None, [], "plan", 7])
def test_what_is_no_plan_is_refused(values: Any) -> None:
    with pytest.raises(RequestError, match="plan"):
        read(values)


@pytest.mark.parametrize("name", [7, ["x"], {"a": 1}, True])
def test_a_name_that_is_no_text_is_told(name: Any) -> None:
    _, wrong = read({"name": name})

    assert [error.field for error in wrong] == ["name"]


def test_those_that_are_held_out_are_spread_and_never_all() -> None:
    sent = [Sent(image=str(number), path=Path("x")) for number in range(20)]

    assert [n for n, one in enumerate(held_out(sent, 2)) if one.is_held_out] == [4, 14]
    assert not any(one.is_held_out for one in held_out(sent, 0))
    assert sum(one.is_held_out for one in held_out(sent[:3], 9)) == 2
    assert not any(one.is_held_out for one in held_out(sent[:1], 1))
    assert held_out((), 3) == ()


# ---- problems ------------------------------------------------------------------------------------------


def test_a_good_plan_has_no_problems() -> None:
    assert told(plan(), view()) == []


@pytest.mark.parametrize(
    ("checkpoint", "why"),
    [
        (replace(BASE, problem="Its UNet is damaged."), "damaged"),
        (replace(BASE, family="sdxl_refiner"), "cannot be trained"),
        (replace(BASE, family="flux"), "cannot be trained"),
        (replace(BASE, variant="inpainting"), "inpainting"),
    ],
)
def test_checkpoints_that_cannot_be_trained_are_refused(checkpoint: Checkpoint, why: str) -> None:
    with pytest.raises(RequestError, match=why) as caught:
        base_of(Plan(name="Rex", checkpoint="base"), view(checkpoints=(checkpoint,)))

    assert caught.value.field == "checkpoint"
    assert caught.value.remedy


def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(RequestError, match="other") as caught:
        base_of(Plan(name="Rex", checkpoint="other"), view())

    assert "base" in caught.value.remedy


def test_a_name_is_taken_by_a_model_of_its_kind_and_by_another_training() -> None:
    lora = Other(name="rex", path=Path("rex.safetensors"), kind="lora")
    vae = Other(name="rex", path=Path("rex.safetensors"), kind="vae")

    assert told(plan(), view(lora)) == ["name"]
    assert told(plan(), view(vae)) == []
    assert told(plan(), view(), ("REX",)) == ["name"]


def test_a_trigger_is_no_embedding_and_not_the_class() -> None:
    word = EmbeddingFile(name="zwk", path=Path("zwk.pt"), kind="embedding", vectors=1, width=768)

    assert told(plan(trigger="ZWK"), view(word)) == ["trigger"]
    assert told(plan(trigger="dog"), view()) == ["trigger"]
    assert told(plan(method="embedding", trigger="zwk"), view()) == ["trigger"]
    assert told(plan(method="embedding", trigger="rex"), view()) == []
    of_itself = replace(plan(method="embedding"), class_word="rex")
    assert told(of_itself, view()) == ["name"]


def test_what_needs_a_gpu_is_told_without_one() -> None:
    assert told(plan(optimizer="AdamW 8-bit"), view()) == ["optimizer"]
    assert told(plan(precision="float16"), view()) == ["precision"]


def test_a_trigger_that_another_model_answers_to_is_said() -> None:
    other = Other(
        name="Max", path=Path("m"), kind="lora", about=About(trigger_words=("zwk", "dog"))
    )

    assert [*warnings(plan(trigger="zwk"), view(other), 1, None)] == [
        "Max answers to zwk too; used together, both will."
    ]
    unnamed = plan(method="embedding", sample_prompts=("a red dog",))
    assert [*warnings(unnamed, view(), 1, None)] == [
        "No prompt of the samples names Rex, so they will not show what is taught."
    ]
    assert [*warnings(plan(method="embedding"), view(), 1, None)] == []
    assert next(warnings(plan(), view(), 9 * GB, 8 * GB)).startswith("It will take about 9.0")


# ---- demands -------------------------------------------------------------------------------------------


def test_more_steps_that_are_kept_take_more_of_the_disk() -> None:
    seldom, often = plan(sample_every=200), plan(sample_every=50)

    assert disk_bytes(seldom, "sd15", 5) < disk_bytes(often, "sd15", 5)


def test_seconds_are_told_by_what_was_trained_here_before() -> None:
    before = Training(
        id="a" * 32,
        owner="ada",
        state=DONE,
        plan=plan(steps=100),
        family="sd15",
        examples=(),
        created=1.0,
        step_seconds=0.5,
    )

    assert seconds(plan(steps=100), []) is None
    assert seconds(plan(steps=100), [before]) == 50.0
    assert seconds(plan(steps=200, batch_size=2), [before]) == 200.0
    assert seconds(plan(method="embedding"), [before]) is None
