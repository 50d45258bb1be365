"""How noise becomes a picture: sampler, schedule, steps, guidance, and what these can be told."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.fields import within

STEPS = (1, 150)
GUIDANCE = (0.0, 30.0)
ETA = (0.0, 1.0)
CHURN = (0.0, 100.0)
SIGMA = (0.0, 1000.0)
RHO = (0.1, 20.0)
NOISE_SCALE = (0.5, 1.5)
RESCALE = (0.0, 1.0)
BETA_SHAPE = (0.05, 5.0)
BOUNDS = {
    "guidance_rescale": RESCALE,
    "eta": ETA,
    "churn": CHURN,
    "churn_from": SIGMA,
    "churn_to": SIGMA,
    "noise_scale": NOISE_SCALE,
    "sigma_min": SIGMA,
    "sigma_max": SIGMA,
    "rho": RHO,
    "beta_alpha": BETA_SHAPE,
    "beta_beta": BETA_SHAPE,
}


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """`guidance_scale` is CFG; 1 switches the negative prompt off. None: as the checkpoint or the sampler has it."""

    sampler: str | None = None
    schedule: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    # How much of what guidance adds to the contrast is taken out again: Lin et al. 2023, arXiv:2305.08891.
    guidance_rescale: float = 0.0
    # How much noise samplers that add some do add. None: DDIM none (0), the others all (1).
    eta: float | None = None
    # Karras et al. 2022 (arXiv:2206.00364), Algorithm 2: noise that Euler, Heun and DPM2 add between two levels, and
    # how strongly all added noise counts. `churn_to` None: up to the highest level.
    churn: float = 0.0
    churn_from: float = 0.0  # σ
    churn_to: float | None = None  # σ
    noise_scale: float = 1.0
    # Ends and bend of the schedules that have them; None: of the model and of the schedule.
    sigma_min: float | None = None
    sigma_max: float | None = None
    rho: float | None = None
    beta_alpha: float | None = None
    beta_beta: float | None = None
    skips_penultimate: bool | None = None  # the last level but one; None: as the sampler has it
    sgm_noise: bool = False  # begin at √(σ² + 1) as Stability's own code does, not at σ


def check_sampling(sampling: Sampling, prefix: str = "") -> None:
    """Bounds of a resolved Sampling. Raises RequestError that names e.g. "steps" or "sampling.eta"."""
    within(f"{prefix}steps", sampling.steps, STEPS, "steps")
    within(f"{prefix}guidance_scale", sampling.guidance_scale, GUIDANCE)
    for name, bound in BOUNDS.items():
        value = getattr(sampling, name)
        if value is not None:
            within(f"sampling.{name}", value, bound)
    low, high = sampling.sigma_min, sampling.sigma_max
    if low is not None and high is not None and low >= high > 0:
        why = f"is no less than sigma_max = {high:g}"
        raise RequestError("sampling.sigma_min", low, why, "Use less.")
