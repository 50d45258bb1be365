"""The file: plain diffusers loads all of it as it is, and draws with it what is drawn here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from peft.tuners.lora import LoraLayer
from safetensors import safe_open

from pipelines.worker.messages import CheckpointRef, LoraRef
from pipelines.worker.sampling.philox import Philox
from tests.pipelines.worker.finetune.classroom import taught, train, weights
from tests.pipelines.worker.workbench import Workbench

# Of diffusers' own loaders and schedulers.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SEED, STEPS, SIDE_PX = 3, 3, 64
PROMPT, NEGATIVE = "a sks boat", "fog"


def pipeline_of(checkpoint: CheckpointRef) -> Any:
    is_xl = checkpoint.family == "sdxl"
    kind: Any = StableDiffusionXLPipeline if is_xl else StableDiffusionPipeline
    pipeline = kind.from_pretrained(checkpoint.path, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True, timestep_spacing="linspace"
    )
    return pipeline


def theirs(pipeline: Any) -> torch.Tensor:
    """Levels 0…255."""
    noise = Philox(SEED).draw(0, (4, SIDE_PX // 8, SIDE_PX // 8))[None]
    asked = {"num_inference_steps": STEPS, "guidance_scale": 5.0, "output_type": "np"}
    size = {"width": SIDE_PX, "height": SIDE_PX}
    drawn = pipeline(PROMPT, negative_prompt=NEGATIVE, latents=noise, **size, **asked).images[0]
    return torch.from_numpy(drawn * 255).flatten()


def ours(checkpoint: CheckpointRef, *loras: LoraRef) -> torch.Tensor:
    bench = Workbench(checkpoint)
    asked = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "schedule": "Karras"}
    bench.submit(steps=STEPS, seed=SEED, loras=loras, **asked)
    bench.run()
    return bench.pixels().float()


@pytest.mark.parametrize("trains_convolutions", [False, True])
def test_diffusers_draws_with_the_file_what_is_drawn_here(
    each_toy: CheckpointRef, tmp_path: Path, trains_convolutions: bool
) -> None:
    choices = {"trains_text": True, "trains_convolutions": trains_convolutions}
    asked = train(tmp_path, each_toy, learning_rate=0.05, alpha=4.0, **choices)
    taught(Workbench(each_toy), asked)
    file = tmp_path / "steps/sks-000006.safetensors"
    pipeline = pipeline_of(each_toy)
    plain = theirs(pipeline)
    pipeline.load_lora_weights(str(file.parent), weight_name=file.name)
    parts = (pipeline.unet, pipeline.text_encoder, getattr(pipeline, "text_encoder_2", None))
    layers = [one for part in parts if part for one in part.modules()]

    loaded = sum(isinstance(one, LoraLayer) for one in layers)
    assert loaded == sum(key.endswith("alpha") for key in weights(asked))
    drawn, here = theirs(pipeline), ours(each_toy, LoraRef("sks", str(file)))
    assert (drawn - plain).abs().max() > 8, "it does something"
    assert (drawn - here).abs().max() <= 1


def test_a_file_says_of_itself_what_others_read(toy: CheckpointRef, tmp_path: Path) -> None:
    asked = train(tmp_path, toy, alpha=1.0)
    taught(Workbench(toy), asked)
    with safe_open(tmp_path / "steps/sks-000006.safetensors", framework="pt") as file:
        header = file.metadata()

    expected = {"ss_network_dim": "2", "ss_network_alpha": "1.0", "ss_steps": "6", "ss_seed": "0"}
    assert expected.items() <= header.items()
    assert header["modelspec.title"] == "sks", "what came with the training is there, too"
