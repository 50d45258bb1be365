"""The shipped model is an ordinary diffusers folder, and a red circle is red and a circle."""

import json

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

from training.starter.checker import QUESTIONS, drawn, load_checker, name_all, own_accuracy
from training.starter.evaluate import generate, round_trip_psnr
from training.starter.noise import SCHEDULE
from training.starter.plan import MODEL_FOLDER

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
CAPTIONS = {
    "a red circle on a white background": ("circle", "red", "white"),
    "a blue star on a yellow background": ("star", "blue", "yellow"),
    "a green heart at night": ("heart", "green", "night"),
}


@pytest.fixture(scope="module")
def pipe() -> StableDiffusionPipeline:

    pipe = StableDiffusionPipeline.from_pretrained(MODEL_FOLDER, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_the_checker_knows_real_drawings():
    accuracy = own_accuracy(load_checker(), 128, count=200)
    assert accuracy["thing"] > 0.9
    assert accuracy["colour"] > 0.95
    assert accuracy["backdrop"] > 0.95


def test_the_checker_sees_pictures_of_any_size():
    pictures = np.stack([drawn(1, i, 128)[0] for i in range(2)]).repeat(4, axis=1).repeat(4, axis=2)
    seen = name_all(load_checker(), pictures)
    assert [set(s) for s in seen] == [set(QUESTIONS)] * 2


def test_captions_become_pictures_that_show_what_they_say(pipe):
    pictures = generate(pipe, [c for c in CAPTIONS for _ in range(2)], [1, 2] * 3, 12, 3.0)
    seen = name_all(load_checker(), pictures)
    wanted = [w for w in CAPTIONS.values() for _ in range(2)]
    right = [
        (s["thing"] == w[0], s["colour"] == w[1], s["backdrop"] == w[2])
        for s, w in zip(seen, wanted, strict=True)
    ]
    assert np.sum(right, axis=0).min() >= 5, seen


def test_the_autoencoder_keeps_a_drawing(pipe):
    assert round_trip_psnr(pipe, count=8) > 25


def test_every_part_is_small_fp16_and_safe():
    files = list(MODEL_FOLDER.rglob("*.safetensors"))
    assert {f.parent.name for f in files} == {"unet", "vae", "text_encoder"}
    assert sum(f.stat().st_size for f in files) < 40e6
    assert not [p for p in MODEL_FOLDER.rglob("*") if p.suffix in (".bin", ".pt", ".ckpt", ".pkl")]


def test_what_the_studio_reads_is_there():
    facts = json.loads((MODEL_FOLDER / "darkroom.json").read_text())
    assert facts["family"] == "sd15"
    assert np.array(facts["latent_rgb_factors"]).shape == (4, 3)
    assert len(facts["latent_rgb_bias"]) == 3
    assert facts["defaults"]["steps"] <= 25
    scheduler = json.loads((MODEL_FOLDER / "scheduler" / "scheduler_config.json").read_text())
    assert {key: scheduler[key] for key in SCHEDULE} == SCHEDULE
