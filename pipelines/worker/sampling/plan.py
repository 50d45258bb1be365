"""From a Request's sampling to a picture: `plan` once, `init` for each picture, then `step` until it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from pipelines.asking.sampling import Sampling
from pipelines.samplers import schedule_of
from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.deterministic import ddim, dpmpp_2m, euler, heun
from pipelines.worker.sampling.noise_schedule import NoiseSchedule
from pipelines.worker.sampling.philox import Noise, noise_like
from pipelines.worker.sampling.schedules import SCHEDULE_FUNCTIONS, Sigmas
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stochastic import dpmpp_2m_sde, dpmpp_sde, euler_ancestral, lcm
from pipelines.worker.sampling.unipc import unipc


class StepFunction(Protocol):
    """A sampler: the state after step number `state.step`, from sigmas[step] to sigmas[step + 1].

    It reads nothing but its arguments, changes none of them, and draws noise from `state.draws` upwards.
    """

    def __call__(self, denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State: ...


STEPS: Mapping[str, StepFunction] = {
    "Euler": euler,
    "Euler a": euler_ancestral,
    "Heun": heun,
    "DPM++ 2M": dpmpp_2m,
    "DPM++ 2M SDE": dpmpp_2m_sde,
    "DPM++ SDE": dpmpp_sde,
    "DDIM": ddim,
    "UniPC": unipc,
    "LCM": lcm,
}


@dataclass(frozen=True)
class Plan:
    """What all pictures of a request share: who steps, through which noise levels."""

    sampler: str
    sigmas: Sigmas  # steps + 1 levels, falling to 0

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1

    def is_done(self, state: State) -> bool:
        return state.step >= self.steps


def plan(sampling: Sampling, training: NoiseSchedule) -> Plan:
    """The plan of a resolved request for a model trained so."""
    sampler, schedule, steps = sampling.sampler, sampling.schedule, sampling.steps
    if sampler is None or schedule is None or steps is None:
        raise ValueError(f"the request was not resolved: {sampling}")
    spread = SCHEDULE_FUNCTIONS[schedule_of(sampler, schedule)]
    return Plan(sampler, spread(steps, training))


def init(
    plan: Plan, noise: Noise, shape: tuple[int, int, int], device: torch.device | str = "cpu"
) -> State:
    """Pure noise of the first level. shape: (channels, height/8, width/8)."""
    x = torch.empty((1, *shape), device=device)
    return State(x=plan.sigmas[0] * noise_like(x, noise, 0), draws=1)


def step(plan: Plan, denoise: Denoise, noise: Noise, state: State) -> State:
    """One step further; calls `denoise` once or twice. After `plan.steps` of them, state.x is the picture."""
    if plan.is_done(state):
        raise ValueError(f"all {plan.steps} steps of this picture are done")
    return STEPS[plan.sampler](denoise, plan.sigmas, noise, state)
