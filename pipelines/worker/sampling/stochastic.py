"""Samplers that add fresh noise at each step and take as much out again; the draws of the picture's own stream."""

from __future__ import annotations

import math

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.paths import down_and_up, extrapolate, glide
from pipelines.worker.sampling.philox import Noise, noise_like
from pipelines.worker.sampling.schedules import Sigmas
from pipelines.worker.sampling.state import State


def euler_ancestral(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """Euler's method to a lower level, then noise back up: DDPM, Ho et al. 2020 (arXiv:2006.11239), in σ."""
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = down_and_up(sigma, sigma_next)
    fresh = noise_like(x, noise, state.draws)
    return state.after(glide(x, x0, sigma, down) + up * fresh, draws=1)


def lcm(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """Multistep consistency sampling: Luo et al. 2023 (arXiv:2310.04378), Algorithm 3.

    The model jumps to x0; noise of the next level is put on that.
    """
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    fresh = noise_like(x, noise, state.draws)
    return state.after(x0 + sigma_next * fresh, draws=1)


def dpmpp_2m_sde(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """SDE-DPM-Solver++(2M): Lu et al. 2022 (arXiv:2211.01095), the stochastic twin of Algorithm 2.

    History: the last x0.
    """
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = down_and_up(sigma, sigma_next)
    ahead = extrapolate(x0, state, sigmas)
    fresh = noise_like(x, noise, state.draws)
    return state.after(glide(x, ahead, sigma, down) + up * fresh, history=(x0,), draws=1)


def dpmpp_sde(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """SDE-DPM-Solver++ in single steps with a look half-way in λ (Lu et al. 2022; the form is k-diffusion's).

    Both noises are increments of one Brownian path W over σ: the first as far as the middle, the second over the
    whole step, W(σ') = W(middle) + an independent increment. Each is divided by the root of its length.
    """
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    middle = math.sqrt(sigma * sigma_next)
    first_part = (sigma - middle) / (sigma - sigma_next)
    to_middle, from_middle = (noise_like(x, noise, state.draws + k) for k in (0, 1))
    throughout = math.sqrt(first_part) * to_middle + math.sqrt(1 - first_part) * from_middle

    down, up = down_and_up(sigma, middle)
    x_middle = glide(x, x0, sigma, down) + up * to_middle
    x0_middle = denoise(x_middle, middle, state.step).x0

    down, up = down_and_up(sigma, sigma_next)
    return state.after(glide(x, x0_middle, sigma, down) + up * throughout, draws=2)
