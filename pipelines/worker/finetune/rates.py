"""Rates: how fast is learned at which step, as a factor of the plan's learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from pipelines.finetune.plan import CONSTANT, COSINE, Plan


def factor(plan: Plan, step: int) -> float:
    """0 … 1 for the step after `step` steps; `warmup_steps` rise in a straight line."""
    if step < plan.warmup_steps:
        return (step + 1) / (plan.warmup_steps + 1)
    left = max(1, (plan.steps or 1) - plan.warmup_steps)
    return SHAPES[plan.rate_schedule or CONSTANT]((step - plan.warmup_steps) / left)


def _constant(share: float) -> float:
    return 1.0


def _cosine(share: float) -> float:
    """Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts."""
    return 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


SHAPES: Mapping[str, Callable[[float], float]] = {CONSTANT: _constant, COSINE: _cosine}
