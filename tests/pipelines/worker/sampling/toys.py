"""Denoisers whose answers are known, noise that writes down what was drawn, and a run from start to end."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from pipelines.asking.sampling import Sampling
from pipelines.worker.sampling import (
    Denoise,
    Denoised,
    Noise,
    NoiseSchedule,
    Philox,
    Plan,
    State,
    init,
    plan,
    step,
)

SD15 = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
STARTER = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.022,
    "prediction_type": "v_prediction",
}
SHAPE = (4, 8, 8)


def training(prediction_type: str = "epsilon") -> NoiseSchedule:
    """What Stable Diffusion 1.5 was trained on."""
    return NoiseSchedule.from_config(SD15 | {"prediction_type": prediction_type})


def gaussian_denoiser(deviation: float = 1.0) -> Denoise:
    """The exact denoiser when every number of every picture is normal with this standard deviation."""

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        return Denoised(x * (deviation**2 / (deviation**2 + sigma**2)))

    return denoise


def squash(x: Tensor, sigma: float) -> Tensor:
    """A guess of x0 that is neither linear in x nor of one scale."""
    return 2.0 * torch.tanh(x / (1.0 + sigma)) + 0.3 * torch.roll(x, 1, -1) / (1.0 + sigma**2)


def squashing_denoiser(x: Tensor, sigma: float, step: int) -> Denoised:
    """`squash` as a Denoise."""
    return Denoised(squash(x, sigma))


@dataclass
class Recorder:
    """Philox noise that remembers which draws were asked, in order."""

    seed: int = 0
    counters: list[int] = field(default_factory=list)

    def draw(self, counter: int, shape: tuple[int, ...]) -> Tensor:
        self.counters.append(counter)
        return Philox(self.seed).draw(counter, shape)


def planned(sampler: str, steps: int = 6, guidance_scale: float = 1.0) -> Plan:
    """A plan for Stable Diffusion 1.5 with the sampler's own schedule."""
    sampling = Sampling(
        sampler=sampler, schedule="Automatic", steps=steps, guidance_scale=guidance_scale
    )
    return plan(sampling, training())


def run(plan: Plan, denoise: Denoise, noise: Noise, state: State | None = None) -> Tensor:
    """The picture, from the start or from a state."""
    state = state or init(plan, noise, SHAPE)
    while not plan.is_done(state):
        state = step(plan, denoise, noise, state)
    return state.x
