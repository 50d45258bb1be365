"""The hook that lets an unmodified pipeline of diffusers run in the loop, through the same gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

from pipelines.worker.engine.gate import put_gate
from pipelines.worker.weights.families import UNET_RULES
from tests import tiny
from tests.pipelines.worker.engine.test_loop import Stage

# EulerDiscreteScheduler of diffusers 0.42.1 reads tensors in a way that numpy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def pipeline(parts: tiny.Components) -> StableDiffusionPipeline:
    """A pipeline of its own over shared networks, with a scheduler of its own."""
    shared = parts.as_dict() | {
        "scheduler": EulerDiscreteScheduler.from_config(parts.scheduler.config),
        "safety_checker": None,
        "feature_extractor": None,
    }
    made = StableDiffusionPipeline(**shared, requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


def recipe(parts: tiny.Components, seed: int, steps: int, **more: Any) -> Callable[[], Any]:
    def run() -> torch.Tensor:
        return pipeline(parts)(
            f"boat number {seed}",
            num_inference_steps=steps,
            height=64,
            width=64,
            output_type="latent",
            generator=torch.Generator().manual_seed(seed),
            **more,
        ).images

    return run


@pytest.fixture
def parts() -> tiny.Components:
    return tiny.components()


def test_unmodified_pipelines_share_forwards_and_draw_what_they_draw_alone(
    parts: tiny.Components,
) -> None:
    asked = [(1, 4, {}), (2, 6, {"guidance_scale": 3.0}), (3, 5, {"guidance_scale": 1.0})]
    alone = [recipe(parts, seed, steps, **more)() for seed, steps, more in asked]
    put_gate(parts.unet, "denoiser", UNET_RULES)
    stage = Stage()

    tasks = [stage.start(recipe(parts, seed, steps, **more)) for seed, steps, more in asked]
    stage.run()

    for task, wanted in zip(tasks, alone, strict=True):
        torch.testing.assert_close(task.result, wanted, rtol=0, atol=1e-4)
    assert stage.pulse.calls == 4 + 6 + 5
    assert stage.pulse.forwards == 6
    assert not torch.is_grad_enabled()


def test_exact_pipelines_take_turns_and_differ_in_no_bit(parts: tiny.Components) -> None:
    alone = [recipe(parts, seed, 3)() for seed in (1, 2)]
    put_gate(parts.unet, "denoiser", UNET_RULES)
    stage = Stage()

    tasks = [stage.start(recipe(parts, seed, 3), is_exact=True) for seed in (1, 2)]
    stage.run()

    assert all(torch.equal(task.result, wanted) for task, wanted in zip(tasks, alone, strict=True))
    assert stage.pulse.forwards == 6


def test_a_gated_network_called_from_elsewhere_answers_at_once(parts: tiny.Components) -> None:
    sample, text = torch.rand(1, 4, 8, 8), torch.rand(1, 77, 16)
    wanted = parts.unet(sample, 10, text).sample

    put_gate(parts.unet, "denoiser", UNET_RULES)

    assert torch.equal(parts.unet(sample, 10, encoder_hidden_states=text).sample, wanted)
