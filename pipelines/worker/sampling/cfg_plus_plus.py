"""CFG++: guidance moves the guess of x0, and not the direction in which its noise lies."""

from __future__ import annotations

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.paths import down_and_up
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stirring import stirred


def cfg_plus_plus(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """DDIM under CFG++: Chung et al. 2024 (arXiv:2406.08070), Algorithm 2, divided by √ᾱ; η is 0 unless it is told.

    The noise is renewed as the negative prompt alone sees it. In σ this is Euler's method, too.
    """
    x, (sigma, sigma_next) = state.x, plan.way(state)
    seen = denoise(x, sigma, state.step)
    x0_uncond = seen.x0 if seen.x0_uncond is None else seen.x0_uncond
    epsilon = (x - x0_uncond) / sigma
    down, up = down_and_up(sigma, sigma_next, plan.eta(usual=0.0))
    x_down = seen.x0 + down * epsilon
    if not up:
        return state.after(x_down)
    return state.after(stirred(x_down, up, plan, noise, state), draws=1)
