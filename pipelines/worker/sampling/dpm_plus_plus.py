"""DPM-Solver++ and its stochastic twins: Lu et al. 2022, arXiv:2211.01095.

They integrate x0, not the noise, over λ = −ln σ, and know the rest of each step in closed form.
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise, noise_like
from pipelines.worker.sampling.paths import down_and_up, drift_and_up, glide
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stirring import stirred


def _lengths(plan: Plan, state: State) -> list[float]:
    """h of this step, then of those before it that `state.history` still knows of."""
    levels = plan.sigmas[state.step - len(state.history) : state.step + 2]
    return [math.log(before / after) for after, before in pairwise(reversed(levels))]


def _ahead(x0: Tensor, plan: Plan, state: State) -> Tensor:
    """x0 as it will be in the middle of the step, on the line through the last x0 and this one over λ: Algorithm 2.

    On the first step there is no line yet, and on the way to σ = 0, where λ is infinite, none can be followed: there
    x0 stays as it is.
    """
    if not state.history or plan.way(state)[1] == 0:
        return x0
    h, h_last = _lengths(plan, state)
    return x0 + (h / (2 * h_last)) * (x0 - state.history[0])


def dpmpp_2m(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DPM-Solver++(2M): Algorithm 2. History: the last x0."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    return state.after(glide(x, _ahead(x0, plan, state), sigma, sigma_next), history=(x0,))


def dpmpp_2m_sde(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """SDE-DPM-Solver++(2M): the stochastic twin of Algorithm 2. History: the last x0."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = drift_and_up(sigma, sigma_next, plan.eta())
    x_down = glide(x, _ahead(x0, plan, state), sigma, down)
    return state.after(stirred(x_down, up, plan, noise, state), history=(x0,), draws=1)


def dpmpp_2m_sde_heun(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """The same with the line through both x0 integrated exactly, not held in its middle. History: the last x0."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = drift_and_up(sigma, sigma_next, plan.eta())
    x_down = glide(x, x0, sigma, down)
    if state.history:
        h, h_last = _lengths(plan, state)
        slope = (x0 - state.history[0]) * (h / h_last)
        x_down = x_down + _phi_2(sigma, down) * slope
    return state.after(stirred(x_down, up, plan, noise, state), history=(x0,), draws=1)


def dpmpp_3m_sde(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """SDE-DPM-Solver++(3M), in k-diffusion's form: a parabola through three x0. History: two of them."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = drift_and_up(sigma, sigma_next, plan.eta())
    x_down, known = glide(x, x0, sigma, down), (x0, *state.history)
    h, *past = _lengths(plan, state)
    # Divided differences over λ, counted in steps of this length.
    slopes = [(known[k] - known[k + 1]) * (h / past[k]) for k in range(len(past))]
    if len(slopes) == 1:
        x_down = x_down + _phi_2(sigma, down) * slopes[0]
    if len(slopes) == 2:
        bend = (slopes[0] - slopes[1]) * (h / (past[0] + past[1]))
        slope = slopes[0] + (past[0] / h) * bend
        x_down = x_down + _phi_2(sigma, down) * slope - _phi_3(sigma, down) * bend
    return state.after(stirred(x_down, up, plan, noise, state), history=known[:2], draws=1)


def _phi_2(sigma: float, down: float) -> float:
    """∫ of a line that rises by 1 in the step, seen from its end: 1 + (e⁻ʰ − 1)/h for the h that leads to `down`."""
    h = math.log(sigma / down)
    return 1 + math.expm1(-h) / h


def _phi_3(sigma: float, down: float) -> float:
    return _phi_2(sigma, down) / math.log(sigma / down) - 0.5


def dpmpp_sde(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """SDE-DPM-Solver++ in single steps with a look half-way in λ, in k-diffusion's form.

    Both noises are increments of one Brownian path W over σ: the first as far as the middle, the second over the
    whole step, W(σ') = W(middle) + an independent increment. Each is divided by the root of its length.
    """
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    eta, scale, middle = plan.eta(), plan.options.noise_scale, math.sqrt(sigma * sigma_next)
    first_part = (sigma - middle) / (sigma - sigma_next)
    to_middle, from_middle = (noise_like(x, noise, state.draws + k) for k in (0, 1))
    throughout = math.sqrt(first_part) * to_middle + math.sqrt(1 - first_part) * from_middle

    down, up = down_and_up(sigma, middle, eta)
    x_middle = glide(x, x0, sigma, down) + scale * up * to_middle
    x0_middle = denoise(x_middle, middle, state.step).x0

    down, up = down_and_up(sigma, sigma_next, eta)
    x_next = glide(x, x0_middle, sigma, down) + scale * up * throughout
    return state.after(x_next, draws=2)


def dpmpp_2s_ancestral(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DPM-Solver++(2S), Algorithm 1, to a lower level, with a look half-way in λ; then noise back up."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    x0 = denoise(x, sigma, state.step).x0
    if sigma_next == 0:
        return state.after(x0)
    down, up = down_and_up(sigma, sigma_next, plan.eta())
    middle = math.sqrt(sigma * down)
    x0_middle = denoise(glide(x, x0, sigma, middle), middle, state.step).x0
    x_down = glide(x, x0_middle, sigma, down)
    return state.after(stirred(x_down, up, plan, noise, state), draws=1)
