"""Counting what a training takes: shapes say what numbers say, and the formula of the web process says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel

from benchmarks.counting import Ledger
from benchmarks.subject import STARTER
from benchmarks.training_memory import count
from pipelines.finetune.plan import Plan
from pipelines.finetune.planning import memory
from pipelines.finetune.planning.memory import Place, parts
from tests import tiny
from tests.pipelines.worker.finetune.classroom import run, train, trainer_of
from tests.pipelines.worker.workbench import Workbench, as_on_the_gpu_thread


@pytest.fixture(scope="module")
def starter() -> tiny.Components:
    """Its shapes."""
    toy = tiny.components()
    text = json.loads((STARTER / "text_encoder" / "config.json").read_text())
    with torch.device("meta"):
        config = UNet2DConditionModel.load_config(STARTER / "unet")
        unet = UNet2DConditionModel.from_config(config)
        return replace(toy, unet=unet, text_encoder=CLIPTextModel(CLIPTextConfig(**text)))


def plan(**given: Any) -> Plan:
    same = {"name": "sks", "batch_size": 1, "rank": 4, "saves_memory": False, "resolution": 64}
    return Plan(**{**same, "trains_text": False, **given})


@pytest.mark.parametrize("saves_memory", [False, True])
@pytest.mark.parametrize("trains_text", [False, True])
def test_the_formula_says_what_the_starters_networks_take(
    starter: tiny.Components, saves_memory: bool, trains_text: bool
) -> None:
    one = plan(
        resolution=128, batch_size=4, saves_memory=saves_memory, trains_text=trains_text, rank=16
    )

    counted = count(starter, one, torch.float32, 4)

    said = parts(memory.STARTER, one, Place(is_half=False, is_card=True))
    assert said.networks == counted.denoiser + counted.text_encoders
    assert said.trained == counted.numbers * 16
    step = counted.denoiser + counted.text_encoders + 12 * counted.numbers + counted.peak
    assert step <= said.networks + said.trained + said.activations <= 1.1 * step


def test_shapes_without_numbers_take_what_numbers_take(tmp_path: Path) -> None:
    parts_of_toy = tiny.components()
    ref = tiny.save(tmp_path / "toy", parts_of_toy)
    with as_on_the_gpu_thread():
        bench = Workbench(ref)
        trainer = trainer_of(bench, train(tmp_path, ref, batch_size=2, rank=4))
        run(bench, trainer.learn())
        with Ledger() as ledger:
            run(bench, trainer.learn())

    counted = count(parts_of_toy, plan(batch_size=2), torch.float32, 2)

    assert counted.peak == pytest.approx(ledger.peak_bytes, rel=0.1)


def test_half_precision_keeps_less_and_more_pictures_more() -> None:
    toy = tiny.components()
    wide = count(toy, plan(), torch.float32, 1).peak

    assert 0.5 * wide < count(toy, plan(), torch.float16, 1).peak < wide
    assert count(toy, plan(), torch.float32, 2).peak > 1.5 * wide
    assert count(toy, plan(saves_memory=True), torch.float32, 1).peak < wide
