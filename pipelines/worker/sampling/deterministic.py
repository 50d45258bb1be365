"""Samplers that follow the probability-flow equation: the initial noise alone decides the picture."""

from __future__ import annotations

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.paths import extrapolate, glide
from pipelines.worker.sampling.philox import Noise
from pipelines.worker.sampling.schedules import Sigmas
from pipelines.worker.sampling.state import State


def euler(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """Euler's method: Karras et al. 2022 (arXiv:2206.00364), Algorithm 2 without churn and correction."""
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    slope = (x - x0) / sigma
    return state.after(x + (sigma_next - sigma) * slope)


def heun(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """Heun's method, the mean of the slopes at both ends: Karras et al. 2022, Algorithm 2 without churn."""
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    slope = (x - denoise(x, sigma, state.step).x0) / sigma
    x_next = x + (sigma_next - sigma) * slope
    if sigma_next > 0:
        slope_next = (x_next - denoise(x_next, sigma_next, state.step).x0) / sigma_next
        x_next = x + (sigma_next - sigma) * (slope + slope_next) / 2
    return state.after(x_next)


def ddim(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """DDIM: Song et al. 2020 (arXiv:2010.02502), equation 12 with η = 0, divided by √ᾱ.

    "Predicted x0" plus "direction pointing to x". In σ this is Euler's method; only the rounding differs.
    """
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    epsilon = (x - x0) / sigma
    return state.after(x0 + sigma_next * epsilon)


def dpmpp_2m(denoise: Denoise, sigmas: Sigmas, noise: Noise, state: State) -> State:
    """DPM-Solver++(2M): Lu et al. 2022 (arXiv:2211.01095), Algorithm 2. History: the last x0."""
    x, (sigma, sigma_next) = state.x, sigmas[state.step : state.step + 2]
    x0 = denoise(x, sigma, state.step).x0
    ahead = extrapolate(x0, state, sigmas)
    return state.after(glide(x, ahead, sigma, sigma_next), history=(x0,))
