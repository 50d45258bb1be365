"""Samplers that follow the slopes dx/dσ of one step alone; they may churn: Karras et al. 2022, arXiv:2206.00364.

Without churn, as usual, they solve the probability-flow equation: the initial noise alone decides the picture.
"""

from __future__ import annotations

import math

from torch import Tensor

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stirring import churned


def euler(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Euler's method: Algorithm 2 without the correction."""
    x, sigma, draws = churned(plan, noise, state)
    sigma_next = plan.sigmas[state.step + 1]
    slope = (x - denoise(x, sigma, state.step).x0) / sigma
    return state.after(x + (sigma_next - sigma) * slope, draws=draws)


def heun(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Heun's method, the mean of the slopes at both ends: Algorithm 2."""
    x, sigma, draws = churned(plan, noise, state)
    x_next = heun_step(denoise, x, (sigma, plan.sigmas[state.step + 1]), state.step)
    return state.after(x_next, draws=draws)


def heun_step(denoise: Denoise, x: Tensor, way: tuple[float, float], step: int) -> Tensor:
    """Lines 7 to 11 of Algorithm 2, from the first level of the way to the second."""
    sigma, sigma_next = way
    slope = (x - denoise(x, sigma, step).x0) / sigma
    x_next = x + (sigma_next - sigma) * slope
    if sigma_next > 0:
        slope_next = (x_next - denoise(x_next, sigma_next, step).x0) / sigma_next
        x_next = x + (sigma_next - sigma) * (slope + slope_next) / 2
    return x_next


def dpm2(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DPM-Solver-2: Lu et al. 2022 (arXiv:2206.00927), Algorithm 1: along the slope half-way in λ."""
    x, sigma, draws = churned(plan, noise, state)
    x_next = midpoint(denoise, x, (sigma, plan.sigmas[state.step + 1]), state.step)
    return state.after(x_next, draws=draws)


def midpoint(denoise: Denoise, x: Tensor, way: tuple[float, float], step: int) -> Tensor:
    """From the first level of the way to the second along the slope at their geometric mean."""
    sigma, sigma_next = way
    slope = (x - denoise(x, sigma, step).x0) / sigma
    if sigma_next > 0:
        middle = math.sqrt(sigma * sigma_next)
        x_middle = x + (middle - sigma) * slope
        slope = (x_middle - denoise(x_middle, middle, step).x0) / middle
    return x + (sigma_next - sigma) * slope


def heunpp2(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Heun's method with slopes of up to three levels, weighed by their noise, as ComfyUI's HeunPP2.

    The next levels count the less the lower they are, so that late steps come close to Euler's.
    """
    x, sigma, draws = churned(plan, noise, state)
    ahead = plan.sigmas[state.step + 1 : min(state.step + 3, plan.steps)]
    slope = (x - denoise(x, sigma, state.step).x0) / sigma
    slopes, x_ahead, level = [slope], x, sigma
    for level_next in ahead:
        x_ahead, level = x_ahead + (level_next - level) * slopes[-1], level_next
        slopes.append((x_ahead - denoise(x_ahead, level, state.step).x0) / level)
    weights = [level / (len(slopes) * plan.sigmas[plan.first]) for level in ahead]
    mean = (1 - math.fsum(weights)) * slope
    for weight, one in zip(weights, slopes[1:], strict=True):
        mean = mean + weight * one
    return state.after(x + (plan.sigmas[state.step + 1] - sigma) * mean, draws=draws)
