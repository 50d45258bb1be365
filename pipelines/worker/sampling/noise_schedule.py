"""What a model was trained on: which noise belongs to which timestep, and what its output means.

Stable Diffusion was trained on the variance-preserving form √ᾱ·x0 + √(1−ᾱ)·ε with whole timesteps t. The samplers
use x = x0 + σ·ε, which is the same divided by √ᾱ, so σ = √((1−ᾱ)/ᾱ). Between whole timesteps ln σ is interpolated
linearly, as in k-diffusion; the networks take fractions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipelines.errors import ModelUnreadable

Floats = NDArray[np.float64]

# Levels that suit a model best, for ten steps: Sabour et al. 2024, "Align Your Steps" (arXiv:2404.14507), as published.
ALIGNED_SD15 = (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029)
ALIGNED_SDXL = (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029)
ALPHA_CUMPROD_MIN = 2.0**-24  # pure noise (ᾱ = 0) has no finite σ; this is σ = 4096


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """ᾱ of each training timestep (falling, float64), and the prediction type: "epsilon" or "v_prediction"."""

    alphas_cumprod: Floats
    prediction_type: str = "epsilon"
    aligned_sigmas: tuple[float, ...] = ALIGNED_SD15  # of the family, falling

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], aligned_sigmas: tuple[float, ...] = ALIGNED_SD15
    ) -> NoiseSchedule:
        """From the values of a checkpoint's scheduler_config.json. Raises ModelUnreadable."""
        prediction_type = config.get("prediction_type", "epsilon")
        if prediction_type not in ("epsilon", "v_prediction"):
            raise _unknown("prediction_type", prediction_type, ("epsilon", "v_prediction"))
        alphas_cumprod = np.asarray(np.cumprod(1.0 - _betas(config)), np.float64)
        if config.get("rescale_betas_zero_snr", False):
            alphas_cumprod = _down_to_pure_noise(alphas_cumprod)
        return cls(alphas_cumprod, prediction_type, aligned_sigmas)

    @cached_property
    def sigmas(self) -> Floats:
        """σ of each training timestep, rising."""
        return np.sqrt((1.0 - self.alphas_cumprod) / self.alphas_cumprod)

    @cached_property
    def _log_sigmas(self) -> Floats:
        return np.log(self.sigmas)

    @property
    def last_timestep(self) -> int:
        return len(self.alphas_cumprod) - 1

    @property
    def sigma_min(self) -> float:
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        return float(self.sigmas[-1])

    def timestep(self, sigma: float) -> float:
        """The fractional timestep of a noise level; levels outside the training get the nearest end."""
        return float(np.interp(math.log(sigma), self._log_sigmas, np.arange(len(self.sigmas))))

    def sigma(self, timestep: float) -> float:
        """The noise level of a fractional timestep; the inverse of `timestep`."""
        return math.exp(np.interp(timestep, np.arange(len(self.sigmas)), self._log_sigmas))

    def c_in(self, sigma: float) -> float:
        """What x is multiplied by before the network sees it (√ᾱ)."""
        return 1.0 / math.sqrt(sigma**2 + 1.0)

    def x0(self, output: Tensor, x: Tensor, sigma: float) -> Tensor:
        """The denoised latents that the network's output stands for."""
        if self.prediction_type == "epsilon":
            return x - sigma * output
        c = self.c_in(sigma)  # v = √ᾱ·ε − √(1−ᾱ)·x0: Salimans and Ho 2022, arXiv:2202.00512
        return c**2 * x - sigma * c * output

    def output(self, x0: Tensor, x: Tensor, sigma: float) -> Tensor:
        """The output that the network would need to give for x0; the inverse of `x0`."""
        if self.prediction_type == "epsilon":
            return (x - x0) / sigma
        c = self.c_in(sigma)
        return (c**2 * x - x0) / (sigma * c)


def _linear(start: float, end: float, count: int) -> Floats:
    return np.linspace(start, end, count)


def _scaled_linear(start: float, end: float, count: int) -> Floats:
    return np.asarray(np.linspace(math.sqrt(start), math.sqrt(end), count) ** 2, np.float64)


def _squared_cosine(start: float, end: float, count: int) -> Floats:
    """Nichol and Dhariwal 2021, arXiv:2102.09672; start and end play no part."""
    alphas_cumprod = np.cos((np.linspace(0, 1, count + 1) + 0.008) / 1.008 * math.pi / 2) ** 2
    return np.asarray(np.minimum(1.0 - alphas_cumprod[1:] / alphas_cumprod[:-1], 0.999))


BETA_SCHEDULES: Mapping[str, Callable[[float, float, int], Floats]] = {
    "linear": _linear,
    "scaled_linear": _scaled_linear,
    "squaredcos_cap_v2": _squared_cosine,
}


def _betas(config: Mapping[str, Any]) -> Floats:
    """The β of the training, by diffusers' names and defaults."""
    if config.get("trained_betas") is not None:
        return np.asarray(config["trained_betas"], np.float64)
    name = config.get("beta_schedule", "linear")
    if name not in BETA_SCHEDULES:
        raise _unknown("beta_schedule", name, tuple(BETA_SCHEDULES))
    start, end = config.get("beta_start", 0.0001), config.get("beta_end", 0.02)
    return BETA_SCHEDULES[name](start, end, config.get("num_train_timesteps", 1000))


def _down_to_pure_noise(alphas_cumprod: Floats) -> Floats:
    """√ᾱ shifted and stretched so that the last timestep has no signal: Lin et al. 2023, arXiv:2305.08891."""
    root = np.sqrt(alphas_cumprod)
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    return np.asarray(np.maximum(root**2, ALPHA_CUMPROD_MIN))


def _unknown(field: str, value: object, known: tuple[str, ...]) -> ModelUnreadable:
    return ModelUnreadable(
        f"The scheduler config says {field} = {value!r}, which is not supported.",
        f"Use a checkpoint with one of: {', '.join(known)}.",
    )
