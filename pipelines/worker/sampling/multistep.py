"""Samplers that extrapolate the slopes dx/dσ of the last levels: the methods of Adams and Bashforth.

Each keeps the last slopes as its history, latest first, and takes fewer of them on the first steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State

ORDER = 4
DEIS_ORDER = 3
# How much of each slope, latest first, when the steps are equally long.
EQUAL_STEPS = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def lms(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Linear multistep over σ: a polynomial through up to four slopes, integrated exactly (k-diffusion's LMS)."""
    slopes = _slopes(denoise, plan, state)
    return _along(slopes, _over_sigma(plan, state), state)


def ipndm_v(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """iPNDM (Zhang and Chen 2022, arXiv:2204.13902) for steps of unequal length: LMS, but for the last step to x0."""
    slopes, (sigma, sigma_next) = _slopes(denoise, plan, state), plan.way(state)
    weights = _over_sigma(plan, state) if sigma_next > 0 else [-sigma]
    return _along(slopes, weights, state)


def ipndm(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """iPNDM: Zhang and Chen 2022 (arXiv:2204.13902), section 3.4: as if all steps were equally long; to x0 at last."""
    slopes, (sigma, sigma_next) = _slopes(denoise, plan, state), plan.way(state)
    mean = EQUAL_STEPS[len(slopes) - 1] if sigma_next > 0 else EQUAL_STEPS[0]
    return _along(slopes, [(sigma_next - sigma) * share for share in mean], state)


def plms(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """PLMS: Liu et al. 2022, "Pseudo numerical methods" (arXiv:2202.09778), equation 12, in σ.

    iPNDM, but the first step is one of Heun's, with two calls.
    """
    slopes, (sigma, sigma_next) = _slopes(denoise, plan, state), plan.way(state)
    h = sigma_next - sigma
    if len(slopes) == 1 and sigma_next > 0:
        x_next = state.x + h * slopes[0]
        slope_next = (x_next - denoise(x_next, sigma_next, state.step).x0) / sigma_next
        return state.after(state.x + h * (slopes[0] + slope_next) / 2, history=slopes)
    return _along(slopes, [h * share for share in EQUAL_STEPS[len(slopes) - 1]], state)


def deis(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DEIS: Zhang and Chen 2022 (arXiv:2204.13902), ρAB with polynomials in ln ρ (here ln σ) of up to three slopes.

    With u = 0 … 1 even in λ, σ(u) = σ·e⁻ʰᵘ and M_k = ∫ uᵏ·e⁻ʰᵘ du; by parts h·M_k = k·M_{k−1} − e⁻ʰ.
    """
    slopes, (sigma, sigma_next) = _slopes(denoise, plan, state)[:DEIS_ORDER], plan.way(state)
    if sigma_next == 0:
        return _along(slopes, [-sigma], state)
    h = math.log(sigma / sigma_next)
    past = plan.sigmas[state.step + 1 - len(slopes) : state.step + 1][::-1]
    moments = [-math.expm1(-h) / h]
    for k in range(1, len(slopes)):
        moments.append((k * moments[-1] - math.exp(-h)) / h)
    weights = _weights([math.log(sigma / level) / h for level in past], moments)
    return _along(slopes, [-h * sigma * weight for weight in weights], state)


def _slopes(denoise: Denoise, plan: Plan, state: State) -> tuple[Tensor, ...]:
    """The slope at this level, then those that are remembered."""
    sigma = plan.sigmas[state.step]
    slope = (state.x - denoise(state.x, sigma, state.step).x0) / sigma
    return (slope, *state.history)[:ORDER]


def _over_sigma(plan: Plan, state: State) -> list[float]:
    """The weights of the slopes when their polynomial is one of σ."""
    sigma, sigma_next = plan.way(state)
    count = min(len(state.history) + 1, ORDER)
    past = plan.sigmas[state.step + 1 - count : state.step + 1][::-1]
    h = sigma_next - sigma
    weights = _weights([(level - sigma) / h for level in past], [1 / (k + 1) for k in range(count)])
    return [h * weight for weight in weights]


def _weights(places: Sequence[float], moments: Sequence[float]) -> list[float]:
    """The w that make Σ_j w_j·u_jᵏ = ∫ uᵏ, whose values are the moments, for each k < the number of places."""
    powers = np.vander(places, increasing=True).T
    return [float(weight) for weight in np.linalg.solve(powers, moments)]


def _along(slopes: tuple[Tensor, ...], weights: Iterable[float], state: State) -> State:
    x = state.x
    for weight, slope in zip(weights, slopes, strict=False):
        x = x + weight * slope
    return state.after(x, history=slopes[: ORDER - 1])
