"""Chances: what is shown at a step, how noisy, and how. A pure function of plan, number of pictures and step.

Every generator is seeded by (seed, purpose, number) and lives for one step; so a training that goes on after any kind
of stop, on the same or another device, sees the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipelines.finetune.plan import Plan

ORDER, STEP, PRIOR_ORDER, WEIGHTS, MEASURE, KEPT_ORDER = range(6)  # purposes
MIRRORED_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Chance:
    """Of one picture in one step. `noise`: (1, channels, h, w), normal, float32, on the CPU."""

    noise: Tensor
    timestep: int
    is_mirrored: bool
    is_nameless: bool  # shown without its caption


def generator(seed: int, purpose: int, number: int) -> torch.Generator:
    """Random numbers on the CPU, of their own for each (seed, purpose, number)."""
    state = np.random.SeedSequence((seed, purpose, number)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) >> 1)


def places(
    plan: Plan, count: int, step: int, purpose: int = ORDER, size: int | None = None
) -> list[int]:
    """Which of `count` pictures are shown at this step: all in an order of chance, then all in another order.

    `size`: how many at a step, if other than the plan's batch.
    """
    if not count:
        return []
    size = (plan.batch_size or 1) if size is None else size
    shown = []
    for number in range(step * size, (step + 1) * size):
        epoch, place = divmod(number, count)
        order = torch.randperm(count, generator=generator(plan.seed, purpose, epoch))
        shown.append(int(order[place]))
    return shown


def chances(plan: Plan, step: int, shapes: list[tuple[int, ...]], timesteps: int) -> list[Chance]:
    """One for each picture of the step, whose latents have these shapes; 0 ≤ timestep < `timesteps`."""
    own = generator(plan.seed, STEP, step)
    return [_chance(own, plan, shape, timesteps) for shape in shapes]


def _chance(own: torch.Generator, plan: Plan, shape: tuple[int, ...], timesteps: int) -> Chance:
    mirrored, nameless = torch.rand(2, generator=own).tolist()
    return Chance(
        noise=torch.randn(shape, generator=own),
        timestep=int(torch.randint(timesteps, (1,), generator=own)),
        is_mirrored=bool(plan.mirrors) and mirrored < MIRRORED_SHARE,
        is_nameless=nameless < plan.caption_dropout,
    )
