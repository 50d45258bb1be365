"""Fresh noise on the way: what is added to a picture between two levels."""

from __future__ import annotations

import math

from torch import Tensor

from pipelines.worker.sampling.noise import Noise, noise_like
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.state import State

MOST_CHURN = math.sqrt(2) - 1  # of a level is added to it


def stirred(x: Tensor, up: float, plan: Plan, noise: Noise, state: State) -> Tensor:
    """x with fresh noise of level `up`: the picture's next draw."""
    return x + plan.options.noise_scale * up * noise_like(x, noise, state.draws)


def churned(plan: Plan, noise: Noise, state: State) -> tuple[Tensor, float, int]:
    """(x, its level, number of draws): at a higher level where churn is asked for, else as it is.

    Karras et al. 2022 (arXiv:2206.00364), Algorithm 2, lines 4 to 6.
    """
    sigma, told = plan.sigmas[state.step], plan.options
    if not told.churn or not told.churn_from <= sigma <= (told.churn_to or math.inf):
        return state.x, sigma, 0
    raised = sigma * (1 + min(told.churn / (plan.steps - plan.first), MOST_CHURN))
    up = told.noise_scale * math.sqrt(raised**2 - sigma**2)
    return state.x + up * noise_like(state.x, noise, state.draws), raised, 1
