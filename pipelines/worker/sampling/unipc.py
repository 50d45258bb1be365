"""UniPC, a predictor and a corrector of one family: Zhao et al. 2023, arXiv:2302.04867.

Third order, B(h) = h ("bh1"), predicting x0, lower orders on the first and the last steps. The corrector of a step
reuses the denoiser call of the next one, so a step costs one call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from pipelines.worker.sampling.denoiser import Denoise
from pipelines.worker.sampling.noise import Noise
from pipelines.worker.sampling.paths import glide
from pipelines.worker.sampling.plan import Plan
from pipelines.worker.sampling.schedules import Sigmas
from pipelines.worker.sampling.state import State

ORDER = 3


def unipc(denoise: Denoise, plan: Plan, noise: Noise, state: State) -> State:
    """Algorithms 1 (correct the arrival at this level) and 2 (predict the next).

    History: x at the last level, then up to three x0, latest first.
    """
    x, i, sigmas = state.x, state.step, plan.sigmas
    x0 = denoise(x, sigmas[i], i).x0
    known = (x0, *state.history[1:])[:ORDER]
    if state.history:
        x_last, *past = state.history
        x = _solve(x_last, past[: _order(sigmas, i - 1)], sigmas, i - 1, arrival=x0)
    x_next = _solve(x, known[: _order(sigmas, i)], sigmas, i)
    return state.after(x_next, history=(x, *known))


def _order(sigmas: Sigmas, i: int) -> int:
    """How many x0 a step looks at, if so many are known; fewer at the end, where a high order would overshoot."""
    return min(ORDER, len(sigmas) - 1 - i)


def _solve(
    x: Tensor, x0s: Sequence[Tensor], sigmas: Sigmas, i: int, arrival: Tensor | None = None
) -> Tensor:
    """x from level i to level i + 1 along the x0 of levels i, i − 1, … and, to correct, that of level i + 1.

    A glide along the first x0, bent by w_m·D_m with the differences D_m = (x0_m − x0)/r_m to the others, whose places
    r_m = (λ_m − λ)/h are counted in steps of this length.
    """
    x0, *others = x0s
    x_next = glide(x, x0, sigmas[i], sigmas[i + 1])
    if not others and arrival is None:
        return x_next
    h = math.log(sigmas[i] / sigmas[i + 1])
    places = [math.log(sigmas[i] / sigmas[i - m]) / h for m in range(1, len(x0s))]
    if arrival is not None:
        places, others = [*places, 1.0], [*others, arrival]
    for weight, place, other in zip(_weights(h, places), places, others, strict=True):
        x_next = x_next + (weight / place) * (other - x0)
    return x_next


def _weights(h: float, places: list[float]) -> list[float]:
    """The w_m that make a step exact when x0 is a polynomial of λ: Theorem 3.1, with w = B(h)·a.

    The exact step is e⁻ʰ·x + ∫₀ʰ e⁻⁽ʰ⁻ˢ⁾·x0(s) ds. With I_k = ∫₀ʰ e⁻⁽ʰ⁻ˢ⁾·(s/h)ᵏ ds, by parts 1 − k·I_{k−1}/h, they
    solve Σ_m r_mᵏ⁻¹·w_m = I_k. For a single place the paper takes a = 1/2 instead.
    """
    if len(places) == 1:
        return [h / 2]
    integrals = [-math.expm1(-h)]
    for k in range(1, len(places) + 1):
        integrals.append(1 - k * integrals[-1] / h)
    powers = np.vander(places, increasing=True).T
    return [float(weight) for weight in np.linalg.solve(powers, integrals[1:])]
