"""Who takes the steps: the table of the samplers. `init` for each picture, then `step` until it is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import torch

from pipelines.worker.sampling.ancestral import ddim, ddpm, dpm2_ancestral, euler_ancestral, lcm
from pipelines.worker.sampling.cfg_plus_plus import cfg_plus_plus
from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.dpm_plus_plus import (
    dpmpp_2m,
    dpmpp_2m_sde,
    dpmpp_2m_sde_heun,
    dpmpp_2s_ancestral,
    dpmpp_3m_sde,
    dpmpp_sde,
)
from pipelines.worker.sampling.dpm_solver import dpm_adaptive, dpm_fast
from pipelines.worker.sampling.multistep import deis, ipndm, ipndm_v, lms, plms
from pipelines.worker.sampling.noise import Noise, noise_like
from pipelines.worker.sampling.one_step import dpm2, euler, heun, heunpp2
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.restarting import restart
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.unipc import unipc


class StepFunction(Protocol):
    """A sampler: the state after step number `state.step`, from sigmas[step] to sigmas[step + 1].

    It reads nothing but its arguments, changes none of them, and draws noise from `state.draws` upwards.
    """

    def __call__(self, denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State: ...


STEPS: Mapping[str, StepFunction] = {
    "Euler": euler,
    "Euler a": euler_ancestral,
    "Heun": heun,
    "DPM++ 2M": dpmpp_2m,
    "DPM++ 2M SDE": dpmpp_2m_sde,
    "DPM++ 2M SDE Heun": dpmpp_2m_sde_heun,
    "DPM++ 3M SDE": dpmpp_3m_sde,
    "DPM++ SDE": dpmpp_sde,
    "DPM++ 2S a": dpmpp_2s_ancestral,
    "DPM2": dpm2,
    "DPM2 a": dpm2_ancestral,
    "DPM fast": dpm_fast,
    "DPM adaptive": dpm_adaptive,
    "LMS": lms,
    "PLMS": plms,
    "Restart": restart,
    "HeunPP2": heunpp2,
    "IPNDM": ipndm,
    "IPNDM_V": ipndm_v,
    "DEIS": deis,
    "UniPC": unipc,
    "DDPM": ddpm,
    "DDIM": ddim,
    "DDIM CFG++": cfg_plus_plus,
    "Euler CFG++": cfg_plus_plus,
    "LCM": lcm,
}


def init(
    plan: Plan, noise: Noise, shape: tuple[int, int, int], device: torch.device | str = "cpu"
) -> State:
    """Pure noise of the first level. shape: (channels, height/8, width/8)."""
    x, sigma = torch.empty((1, *shape), device=device), plan.sigmas[0]
    level = math.hypot(sigma, 1.0) if plan.begins_whole else sigma
    return State(x=level * noise_like(x, noise, 0), draws=1)


def step(plan: Plan, denoise: Denoise, noise: Noise, state: State) -> State:
    """One step further, for at least one call of `denoise`. After `plan.steps` of them, state.x is the picture."""
    if plan.is_done(state):
        raise ValueError(f"all {plan.steps} steps of this picture are done")
    return STEPS[plan.sampler](denoise, plan, noise, state)
