"""DPM-Solver in single steps of up to third order: Lu et al. 2022, arXiv:2206.00927.

Slopes dx/dσ are what the paper calls ε; with h = ln(σ/σ') it writes a step in σ as −σ'·(eʰ − 1)·ε.
"""

from __future__ import annotations

import math

from torch import Tensor

from pipelines.worker.sampling.arranging import LOOKS, fast_down, fast_step
from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.paths import down_and_up
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stirring import stirred

# Of the adaptive steps, as in k-diffusion: what error is borne, relative and absolute, and how steps grow.
RELATIVE, ABSOLUTE = 0.05, 0.0078
ACCEPTED = 0.81
# In λ: the length that is tried first, and that of a step which is taken whatever its error.
TRIED, SHORTEST = 0.5, 0.01


def dpm_fast(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """One look of DPM-Solver-fast; a step of the solver takes up to three of them, and noise comes after its last.

    History, between the looks of a step: x and the slope at its beginning.
    """
    first, order = fast_step(plan.steps - plan.first, state.step - plan.first)
    first += plan.first
    start, level = plan.sigmas[first], plan.sigmas[state.step]
    down, up = fast_down(start, plan.sigmas[first + order], plan.sigmas[-1], plan.options)
    is_last = state.step + 1 == first + order
    end = down if is_last else plan.sigmas[state.step + 1]
    slope = _slope(denoise, state.x, level, state.step)
    x, begin = state.history or (state.x, slope)
    x_end = x + (end - start) * slope
    if order == 3 and level < start:  # else along one slope: that in the middle is of second order
        x_end = _bent(x, (begin, slope), (start, level, end))
    if not is_last:
        return state.after(x_end, history=(x, begin))
    return (
        state.after(stirred(x_end, up, plan, noise, state), draws=1) if up else state.after(x_end)
    )


def dpm_adaptive(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DPM-Solver-12/23: Algorithm 3 of the appendix, from one level of the schedule to the next.

    It takes as many steps between them as a given precision needs, so the schedule says where fresh noise is added
    and where the picture can stop, not how exact it is. The only sampler that waits for the device.
    """
    x, (sigma, sigma_next) = state.x, plan.way(state)
    if sigma_next == 0:
        return state.after(denoise(x, sigma, state.step).x0)
    down, up = down_and_up(sigma, sigma_next, plan.eta())
    x_down = _solved(denoise, x, (sigma, down), state.step)
    return state.after(stirred(x_down, up, plan, noise, state), draws=1)


def _solved(denoise: Denoise, x: Tensor, way: tuple[float, float], step: int) -> Tensor:
    """Along the way in steps whose error, the difference of second and third order, is small enough."""
    sigma, end = way
    x_last, h = x, TRIED
    slope = _slope(denoise, x, sigma, step)
    while True:
        level = sigma * math.exp(-h) if h < math.log(sigma / end) else end
        low, high = _pair(denoise, x, slope, (sigma, level), step)
        growth = 1 + math.atan((_error(low, high, x_last) + 1e-8) ** (-1 / 3) - 1)
        # Numbers that are none go on, too: others look for them.
        if not growth < ACCEPTED or h < SHORTEST:
            x_last, x, sigma = low, high, level
            if sigma == end:
                return x
            slope = _slope(denoise, x, sigma, step)
        h *= growth


def _pair(
    denoise: Denoise, x: Tensor, slope: Tensor, way: tuple[float, float], step: int
) -> tuple[Tensor, Tensor]:
    """x at the end of the way by second and by third order, which share their looks."""
    start, end = way
    one, two = (start ** (1 - share) * end**share for share in LOOKS[3])
    slope_one = _slope(denoise, x + (one - start) * slope, one, step)
    low = x + (end - start) * (slope + (slope_one - slope) / (2 * LOOKS[3][0]))
    slope_two = _slope(denoise, _bent(x, (slope, slope_one), (start, one, two)), two, step)
    return low, _bent(x, (slope, slope_two), (start, two, end))


def _error(low: Tensor, high: Tensor, x_last: Tensor) -> float:
    """Root of the mean square, in units of what is borne."""
    borne = (RELATIVE * low.abs().maximum(x_last.abs())).clamp_min(ABSOLUTE)
    return ((low - high) / borne).square().mean().sqrt().item()


def _bent(x: Tensor, slopes: tuple[Tensor, Tensor], levels: tuple[float, float, float]) -> Tensor:
    """x at the last of the levels, when the slope goes over λ on a line through those at the first two."""
    (begin, slope), (start, middle, end) = slopes, levels
    h = math.log(start / end)
    change = (slope - begin) * (h / math.log(start / middle))
    return x + (end - start) * begin - end * (math.expm1(h) / h - 1) * change


def _slope(denoise: Denoise, x: Tensor, sigma: float, step: int) -> Tensor:
    return (x - denoise(x, sigma, step).x0) / sigma
