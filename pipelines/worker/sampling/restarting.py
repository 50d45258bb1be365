"""Restart: the last part of the way is gone again, from fresh noise, to undo what has gone wrong on it."""

from __future__ import annotations

import math
from itertools import pairwise

from pipelines.worker.sampling.arranging import RESTART_TOP, nearest
from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.one_step import heun_step
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.stirring import stirred


def restart(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Xu et al. 2023 (arXiv:2306.14878), Algorithm 2, in Heun's steps; to a level that is higher from the top."""
    x, (sigma, sigma_next) = state.x, plan.way(state)
    is_again = sigma_next > sigma
    if is_again:
        top = _top(plan)
        x, sigma = stirred(x, math.sqrt(top**2 - sigma**2), plan, noise, state), top
    x_next = heun_step(denoise, x, (sigma, sigma_next), state.step)
    return state.after(x_next, draws=int(is_again))


def _top(plan: Plan) -> float:
    """The level at which the way begins again; it was passed before."""
    levels = plan.sigmas[plan.first :]
    rise = next(place for place, (one, other) in enumerate(pairwise(levels)) if other > one)
    return levels[nearest(levels[: rise + 1], RESTART_TOP)]
