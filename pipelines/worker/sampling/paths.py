"""How x travels from one noise level to the next: the three formulas that the samplers are made of."""

from __future__ import annotations

import math

from torch import Tensor

from pipelines.worker.sampling.schedules import Sigmas
from pipelines.worker.sampling.state import State


def glide(x: Tensor, x0: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """The solution of dx/dσ = (x − x0)/σ for an x0 that stands still: a straight line that meets x0 at σ = 0.

    One formula with many names: Euler's step, DDIM with η = 0, DPM-Solver++ of first order.
    """
    return x0 + (sigma_next / sigma) * (x - x0)


def down_and_up(sigma: float, sigma_next: float) -> tuple[float, float]:
    """(down, up): glide to `down`, add fresh noise of level `up`, and sigma_next² = down² + up² is reached.

    Of all such pairs the one of the reversed diffusion, "ancestral" since Ho et al. 2020 (arXiv:2006.11239).
    """
    ratio = sigma_next / sigma
    return ratio * sigma_next, math.sqrt(1 - ratio**2) * sigma_next


def extrapolate(x0: Tensor, state: State, sigmas: Sigmas) -> Tensor:
    """x0 as it will be in the middle of the step, on the line through the last x0 and this one over λ = −ln σ.

    Lu et al. 2022 (arXiv:2211.01095), Algorithm 2. On the first step there is no line yet, and on the way to
    σ = 0, where λ is infinite, none can be followed: there x0 stays as it is.
    """
    sigma, sigma_next = sigmas[state.step : state.step + 2]
    if not state.history or sigma_next == 0:
        return x0
    h, h_last = math.log(sigma / sigma_next), math.log(sigmas[state.step - 1] / sigma)
    return x0 + (h / (2 * h_last)) * (x0 - state.history[0])
