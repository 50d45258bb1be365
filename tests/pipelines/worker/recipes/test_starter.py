"""The model that ships with the project, through our whole recipe: the same pictures as through plain diffusers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

from pipelines.catalog import diffusers_folder
from pipelines.worker.recipes.chunks import chunks_of
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.sampling.philox import Philox
from tests.pipelines.worker.workbench import Workbench, request

# Of diffusers' own schedulers.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
STARTER = Path(__file__).parents[4] / "models" / "starter"
SIZE_PX, STEPS, SEED = 128, 6, 5
PROMPT = "a red boat on the sea at sunset"


@pytest.fixture(scope="module")
def starter() -> Workbench:
    return Workbench(diffusers_folder.read(STARTER, "starter").ref())


def test_a_short_prompt_is_one_chunk(starter: Workbench) -> None:
    model = starter.model()

    chunks = chunks_of(PROMPT, model.text_encoders[0], model).ids

    assert [len(chunk) for chunk in chunks] == [77]


def test_a_picture_is_the_one_that_diffusers_makes_of_the_same_noise(starter: Workbench) -> None:
    asked = request(prompt=PROMPT, width=SIZE_PX, height=SIZE_PX, steps=STEPS, schedule="Karras")
    pipeline = StableDiffusionPipeline.from_pretrained(STARTER, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True, timestep_spacing="linspace"
    )
    noise = Philox(SEED).draw(0, (4, SIZE_PX // 8, SIZE_PX // 8))[None]

    theirs = pipeline(
        PROMPT,
        width=SIZE_PX,
        height=SIZE_PX,
        num_inference_steps=STEPS,
        guidance_scale=asked.sampling.guidance_scale,
        latents=noise,
        output_type="np",
    ).images[0]
    ours = still(Brief(asked, SEED), starter.model(), lambda look: None)

    assert isinstance(ours, Developed)
    difference = np.abs(ours.pixels.numpy() - theirs * 255)
    assert difference.max() <= 2
