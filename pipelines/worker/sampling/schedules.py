"""Which noise levels a picture passes: one function a schedule, (steps, training) → steps + 1 levels, the last 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from pipelines.worker.sampling.noise_schedule import Floats, NoiseSchedule

Sigmas = tuple[float, ...]
Schedule = Callable[[int, NoiseSchedule], Sigmas]

KARRAS_RHO = 7.0
BETA_SHAPE = 0.6
BETA_TERMS = 64  # of the power series; each halves the error
BISECTIONS = 64


def uniform(steps: int, training: NoiseSchedule) -> Sigmas:
    """Even in training time, from the last timestep to the first."""
    timesteps = np.linspace(training.last_timestep, 0, steps)
    return _ending_in_zero(training.sigma(t) for t in timesteps)


def sgm_uniform(steps: int, training: NoiseSchedule) -> Sigmas:
    """Even in training time, stopping one step short of the first timestep (Stability's generative-models)."""
    timesteps = np.linspace(training.last_timestep, 0, steps + 1)[:-1]
    return _ending_in_zero(training.sigma(t) for t in timesteps)


def simple(steps: int, training: NoiseSchedule) -> Sigmas:
    """Every n-th level of the training, counted from the noisiest."""
    stride = len(training.sigmas) / steps
    return _ending_in_zero(training.sigmas[-1 - int(step * stride)] for step in range(steps))


def karras(steps: int, training: NoiseSchedule) -> Sigmas:
    """Even in σ^(1/ρ): equation 5 of Karras et al. 2022, arXiv:2206.00364."""
    start, end = (s ** (1 / KARRAS_RHO) for s in (training.sigma_max, training.sigma_min))
    return _ending_in_zero(np.linspace(start, end, steps) ** KARRAS_RHO)


def exponential(steps: int, training: NoiseSchedule) -> Sigmas:
    """Even in ln σ."""
    start, end = math.log(training.sigma_max), math.log(training.sigma_min)
    return _ending_in_zero(np.exp(np.linspace(start, end, steps)))


def beta(steps: int, training: NoiseSchedule) -> Sigmas:
    """At the quantiles of a beta distribution over σ, dense at both ends.

    After Lee et al. 2024, arXiv:2407.12173, who spread timesteps so; AUTOMATIC1111 and diffusers spread σ.
    """
    quantiles = _beta_quantiles(1.0 - np.linspace(0.0, 1.0, steps))
    return _ending_in_zero(
        training.sigma_min + quantiles * (training.sigma_max - training.sigma_min)
    )


SCHEDULE_FUNCTIONS: Mapping[str, Schedule] = {
    "Uniform": uniform,
    "Karras": karras,
    "Exponential": exponential,
    "SGM Uniform": sgm_uniform,
    "Simple": simple,
    "Beta": beta,
}


def _ending_in_zero(sigmas: Iterable[float]) -> Sigmas:
    return (*(float(sigma) for sigma in sigmas), 0.0)


def _beta_quantiles(shares: Floats) -> Floats:
    """Where the symmetric beta distribution has the given shares of its mass to the left.

    Bisection on the left half, where the power series converges; the right half is its mirror image.
    """
    left_shares = np.minimum(shares, 1.0 - shares)
    low, high = np.zeros_like(shares), np.full_like(shares, 0.5)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_below = _beta_share(middle) < left_shares
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return np.where(shares > 0.5, 1.0 - high, low)


def _beta_share(x: Floats) -> Floats:
    """The regularised incomplete beta function I_x(a, a) for 0 ≤ x ≤ 1/2 (DLMF 8.17.7)."""
    a = BETA_SHAPE
    total, term = np.zeros_like(x), np.ones_like(x)
    for k in range(BETA_TERMS):
        total = total + term / (a + k)
        term = term * x * (k + 1 - a) / (k + 1)
    whole = math.gamma(a) ** 2 / math.gamma(2 * a)
    return np.asarray(x**a * total / whole)
