"""The other side of every comparison: diffusers' own StableDiffusionPipeline, as its documentation shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

from pipelines.request import Request

# (our sampler, our schedule) → the scheduler of diffusers that steps alike
SCHEDULERS: dict[tuple[str, str], tuple[type[Any], dict[str, Any]]] = {
    ("Euler", "Uniform"): (EulerDiscreteScheduler, {"timestep_spacing": "linspace"}),
    ("Euler", "Karras"): (EulerDiscreteScheduler, {"use_karras_sigmas": True}),
    ("DPM++ 2M", "Uniform"): (DPMSolverMultistepScheduler, {"timestep_spacing": "linspace"}),
    ("DPM++ 2M", "Karras"): (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    ("DDIM", "Uniform"): (DDIMScheduler, {"timestep_spacing": "leading"}),
}


class PlainPipeline:
    """The pipeline with the scheduler that matches a request; batches are the library's own."""

    def __init__(self, path: str, request: Request, device: str, dtype: torch.dtype) -> None:
        loaded = StableDiffusionPipeline.from_pretrained(
            path, dtype=dtype, local_files_only=True, safety_checker=None
        )
        self.pipeline = loaded.to(device)
        self.pipeline.set_progress_bar_config(disable=True)
        kind, options = SCHEDULERS[request.sampling.sampler, request.sampling.schedule]
        self.pipeline.scheduler = kind.from_config(self.pipeline.scheduler.config, **options)
        self.request = request

    def develop(self, prompts: list[str], seeds: list[int]) -> np.ndarray:
        """The pictures (n, height, width, 3) as bytes; noise of each from its own generator on the CPU."""
        asked = self.request
        pictures = self.pipeline(
            prompts,
            negative_prompt=[asked.negative_prompt] * len(prompts),
            width=asked.width,
            height=asked.height,
            num_inference_steps=asked.sampling.steps,
            guidance_scale=asked.sampling.guidance_scale,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            output_type="pil",
        ).images
        return np.stack([np.asarray(picture) for picture in pictures])
