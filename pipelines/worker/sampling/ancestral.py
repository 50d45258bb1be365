"""Samplers that glide too far down and add fresh noise on top, as the reversed diffusion does."""

from __future__ import annotations

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.one_step import midpoint
from pipelines.worker.sampling.paths import down_and_up, glide
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stirring import stirred


def euler_ancestral(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Euler's method to a lower level, then noise back up: DDPM, Ho et al. 2020 (arXiv:2006.11239), in σ."""
    return _down_and_up(denoise, plan, noise, state, plan.eta())


def _down_and_up(denoise: Denoise, plan: Plan, noise: Noise, state: State, eta: float) -> State:
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = down_and_up(sigma, sigma_next, eta)
    x_down = glide(x, x0, sigma, down)
    return state.after(stirred(x_down, up, plan, noise, state), draws=1)


def dpm2_ancestral(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DPM-Solver-2 (Lu et al. 2022, arXiv:2206.00927) to a lower level, then noise back up."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    if sigma_next == 0:
        return state.after(denoise(x, sigma, state.step).x0)
    down, up = down_and_up(sigma, sigma_next, plan.eta())
    x_down = midpoint(denoise, x, (sigma, down), state.step)
    return state.after(stirred(x_down, up, plan, noise, state), draws=1)


def ddpm(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DDPM: Ho et al. 2020 (arXiv:2006.11239), equations 6 and 7, divided by √ᾱ.

    q(x'|x, x0) is normal around x0 + (σ'/σ)²·(x − x0) with variance σ'²·(1 − σ'²/σ²): Euler a with η = 1.
    """
    return _down_and_up(denoise, plan, noise, state, 1.0)


def ddim(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DDIM: Song et al. 2020 (arXiv:2010.02502), equation 12, divided by √ᾱ; η is 0 unless it is told.

    "Predicted x0" plus "direction pointing to x". In σ this is Euler's method; only the rounding differs.
    """
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    epsilon = (x - x0) / sigma
    down, up = down_and_up(sigma, sigma_next, plan.eta(usual=0.0))
    x_down = x0 + down * epsilon
    if not up:
        return state.after(x_down)
    return state.after(stirred(x_down, up, plan, noise, state), draws=1)


def lcm(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Multistep consistency sampling: Luo et al. 2023 (arXiv:2310.04378), Algorithm 3.

    The model jumps to x0; noise of the next level is put on that.
    """
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    return state.after(stirred(x0, sigma_next, plan, noise, state), draws=1)
