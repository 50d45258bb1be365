"""Which noise levels a picture passes: one function a schedule, (steps, training, options) → steps + 1 levels.

The last level is 0, but for KL Optimal, which ends at the lowest level of the training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from pipelines.asking.sampling import Sampling
from pipelines.errors import RequestError
from pipelines.worker.sampling.beta_distribution import quantiles
from pipelines.worker.sampling.noise_schedule import NoiseSchedule

Sigmas = tuple[float, ...]
Schedule = Callable[[int, NoiseSchedule, Sampling], Sigmas]

KARRAS_RHO = 7.0
BETA_SHAPE = 0.6
CLOSEST = 1.01  # that the ends may come to each other, as a ratio
APART = 1 + 1e-5  # likewise two levels


def uniform(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in training time, from the last timestep to the first."""
    timesteps = np.linspace(training.last_timestep, 0, steps)
    return _ending_in_zero(training.sigma(t) for t in timesteps)


def normal(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in training time, between ends that can be set: without them, Uniform."""
    first, last = _end_timesteps(training, options)
    return _ending_in_zero(training.sigma(t) for t in np.linspace(last, first, steps))


def sgm_uniform(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in training time, stopping one step short of the first timestep (Stability's generative-models)."""
    first, last = _end_timesteps(training, options)
    timesteps = np.linspace(last, first, steps + 1)[:-1]
    return _ending_in_zero(training.sigma(t) for t in timesteps)


def simple(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Every n-th level of the training, counted from the noisiest."""
    stride = len(training.sigmas) / steps
    if stride < 1:  # more steps than levels: those between them, too
        return sgm_uniform(steps, training, options)
    return _ending_in_zero(training.sigmas[-1 - int(step * stride)] for step in range(steps))


def ddim(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Every n-th timestep of the training for a whole n, from the second one on: Song et al. 2020, arXiv:2010.02502.

    Where n does not divide the training, AUTOMATIC1111 has a timestep or more left over. Those are the lowest here,
    whose steps its samplers leave out as well, so that a request is granted as many steps as it asks for.
    """
    count = len(training.sigmas)
    if steps < 2 or steps >= count:
        return sgm_uniform(steps, training, options)
    timesteps = range(1, count + 1, count // steps)[-steps:]
    return _ending_in_zero(training.sigmas[min(t, count - 1)] for t in reversed(timesteps))


def turbo(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Every n-th level of the training from the noisiest, rounded as Forge does: for SD Turbo and SDXL Turbo."""
    stride = len(training.sigmas) / steps
    if stride < 1:
        return sgm_uniform(steps, training, options)
    timesteps = (np.arange(steps, 0, -1) * stride - 1).round().astype(int)
    return _ending_in_zero(training.sigmas[t] for t in timesteps)


def karras(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in σ^(1/ρ): equation 5 of Karras et al. 2022, arXiv:2206.00364."""
    low, high = _ends(training, options)
    return (*karras_ramp(high, low, steps, options.rho or KARRAS_RHO), 0.0)


def karras_ramp(high: float, low: float, count: int, rho: float = KARRAS_RHO) -> Sigmas:
    """So many levels from one to the other, even in σ^(1/ρ)."""
    ramp = np.linspace(high ** (1 / rho), low ** (1 / rho), count) ** rho
    return tuple(float(sigma) for sigma in ramp)


def exponential(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in ln σ."""
    low, high = map(math.log, _ends(training, options))
    return _ending_in_zero(np.exp(np.linspace(high, low, steps)))


def polyexponential(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in a power of ln σ: with ρ = 1 Exponential, with more the steps are shorter at low noise (k-diffusion)."""
    low, high = map(math.log, _ends(training, options))
    ramp = np.linspace(1, 0, steps) ** (options.rho or 1.0)
    return _ending_in_zero(np.exp(ramp * (high - low) + low))


def kl_optimal(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Even in arctan σ, down to the lowest level and not to 0: Sabour et al. 2024 (arXiv:2404.14507), section 3.1."""
    low, high = map(math.atan, _ends(training, options))
    return tuple(float(sigma) for sigma in np.tan(np.linspace(high, low, steps + 1)))


def align_your_steps(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """Levels that were optimised for the family, ibid.; between those published on a line over ln σ."""
    published = np.log(training.aligned_sigmas)
    places = np.linspace(0, len(published) - 1, steps)
    return _ending_in_zero(np.exp(np.interp(places, np.arange(len(published)), published)))


def beta(steps: int, training: NoiseSchedule, options: Sampling) -> Sigmas:
    """At the quantiles of a beta distribution over σ, dense at both ends.

    After Lee et al. 2024, arXiv:2407.12173, who spread timesteps so; AUTOMATIC1111 and diffusers spread σ.
    """
    low, high = _ends(training, options)
    shape = options.beta_alpha or BETA_SHAPE, options.beta_beta or BETA_SHAPE
    places = quantiles(1.0 - np.linspace(0.0, 1.0, steps), *shape)
    return _ending_in_zero(low + places * (high - low))


SCHEDULE_FUNCTIONS: Mapping[str, Schedule] = {
    "Uniform": uniform,
    "Karras": karras,
    "Exponential": exponential,
    "Polyexponential": polyexponential,
    "SGM Uniform": sgm_uniform,
    "KL Optimal": kl_optimal,
    "Align Your Steps": align_your_steps,
    "Simple": simple,
    "Normal": normal,
    "DDIM": ddim,
    "Beta": beta,
    "Turbo": turbo,
}


def _ends(training: NoiseSchedule, options: Sampling) -> tuple[float, float]:
    """(lowest, highest) level, as the request or the model has them; 0 stands for the model's, as in AUTOMATIC1111.

    Raises RequestError when that leaves no room.
    """
    low, high = options.sigma_min or training.sigma_min, options.sigma_max or training.sigma_max
    if low * CLOSEST < high:
        return low, high
    field, value = ("sigma_min", low) if options.sigma_min else ("sigma_max", high)
    why = f"leaves no levels between {low:.4g} and {high:.4g}"
    remedy = f"This model denoises from {training.sigma_max:.4g} to {training.sigma_min:.4g}."
    raise RequestError(f"sampling.{field}", value, why, remedy)


def _end_timesteps(training: NoiseSchedule, options: Sampling) -> tuple[float, float]:
    """(first, last) timestep likewise."""
    low, high = _ends(training, options)
    first = training.timestep(low) if options.sigma_min else 0.0
    last = training.timestep(high) if options.sigma_max else float(training.last_timestep)
    return first, last


def _ending_in_zero(sigmas: Iterable[float]) -> Sigmas:
    """With 0 as the last one; levels that a steep schedule puts onto each other are kept apart."""
    rising: list[float] = []
    for sigma in reversed(list(sigmas)):
        rising.append(max(float(sigma), rising[-1] * APART) if rising else float(sigma))
    return (*reversed(rising), 0.0)
