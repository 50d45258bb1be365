"""Which checkpoints can be trained, and which saved states belong to which plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import OutOfMemory, RequestError
from pipelines.finetune.plan import Plan
from pipelines.tiers import FLOAT8, STREAM
from pipelines.worker.finetune.fitness import check, fingerprint
from pipelines.worker.messages import CheckpointRef
from tests import tiny
from tests.pipelines.worker.finetune.classroom import plan, train
from tests.pipelines.worker.workbench import Workbench


def test_every_family_with_a_toy_here_can_be_trained(each_toy: CheckpointRef) -> None:
    check(Workbench(each_toy).model(), plan())


@pytest.mark.parametrize("kind", ["sd15 inpainting", "sdxl_refiner"])
def test_inpainting_checkpoints_and_refiners_are_refused(tmp_path: Path, kind: str) -> None:
    parts = tiny.components(tiny.PLAIN[kind], family=kind.split()[0])
    model = Workbench(tiny.save(tmp_path / "toy", parts)).model()

    with pytest.raises(RequestError, match="checkpoint = 'toy'") as error:
        check(model, plan())
    assert "sd15, sd2, sdxl" in error.value.remedy


@pytest.mark.parametrize("tier", [FLOAT8, STREAM])
def test_a_checkpoint_that_is_kept_small_is_refused_with_the_figure(
    toy: CheckpointRef, tier: Any
) -> None:
    model = replace(Workbench(toy).model(), tier=tier)

    with pytest.raises(OutOfMemory, match="MB on the device") as error:
        check(model, plan())
    assert error.value.details["needed_bytes"] == model.sizes.denoiser
    assert "--tier" in error.value.remedy


def test_float16_is_not_for_processors(toy: CheckpointRef) -> None:
    with pytest.raises(RequestError, match="precision"):
        check(Workbench(toy).model(), plan(precision="float16"))


def test_a_state_belongs_to_all_that_its_steps_depend_on(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    asked = train(tmp_path, toy)
    own = Plan.from_dict(asked.plan)
    same = fingerprint(asked, own)

    for free in ({"steps": 99}, {"name": "other"}, {"sample_every": 3}, {"saves_memory": True}):
        assert fingerprint(asked, replace(own, **free)) == same, free
    for other in ({"seed": 1}, {"rank": 3}, {"learning_rate": 0.5}, {"batch_size": 2}):
        assert fingerprint(asked, replace(own, **other)) != same, other
    fewer = replace(asked, lessons=asked.lessons[:1])
    assert fingerprint(fewer, own) != same
    elsewhere = replace(asked, checkpoint=replace(toy, name="another"))
    assert fingerprint(elsewhere, own) != same


def test_a_state_is_still_one_of_its_plan_when_plans_have_more_fields(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    @dataclass(frozen=True, kw_only=True)
    class LaterPlan(Plan):
        another: int | None = None

    asked = train(tmp_path, toy)
    own = LaterPlan.from_dict(asked.plan)

    assert fingerprint(asked, own) == fingerprint(asked, Plan.from_dict(asked.plan))
    assert fingerprint(asked, replace(own, another=1)) != fingerprint(asked, own)
