"""Measures: how well a step has learned what it was not shown, and which step is the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from pipelines.finetune.training import Mark, best_of
from pipelines.worker.finetune.chances import MEASURE, Chance, generator
from pipelines.worker.finetune.examples import Example, Examples
from pipelines.worker.finetune.method import Method
from pipelines.worker.finetune.objective import Objective, Row, batches_of
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.workshop import WORKED, Course
from pipelines.worker.sampling import NoiseSchedule

LEVELS = 8  # timesteps at which each held-out picture is looked at, in the middle of equal shares
SEED = 0  # the same noise whatever is trained: so the losses of all marks can be compared


def held_out_loss(
    method: Method, skeleton: Skeleton, examples: Examples, schedule: NoiseSchedule
) -> Course[float | None]:
    """The mean loss over the held-out pictures; None without any. Yields after each forward."""
    rows = list(rows_of(examples.held_out, schedule))
    objective = Objective(schedule, skeleton.model.device)
    losses: list[float] = []
    for batch in batches_of(rows, 1):
        asked, target = objective.asked(batch)
        with skeleton.awake():  # without gradients: they are off on this thread
            answer = method.predict(asked)
        losses += objective.losses(answer, target, asked.timesteps).tolist()
        yield WORKED
    return sum(losses) / len(losses) if losses else None


def rows_of(pictures: Sequence[Example], schedule: NoiseSchedule) -> Iterator[Row]:
    """Each picture at each level, under noise that depends on nothing but its place among the rows."""
    timesteps = schedule.last_timestep + 1
    for place, picture in enumerate(pictures):
        for level in range(LEVELS):
            own = generator(SEED, MEASURE, place * LEVELS + level)
            noise = torch.randn(picture.latents.shape, generator=own)
            timestep = (2 * level + 1) * timesteps // (2 * LEVELS)
            chance = Chance(noise, timestep, False, False)
            yield Row(picture, picture.text, chance, 1.0)


def best_step(marks: Sequence[Mark], last: int) -> int:
    """The step of the lowest held-out loss, else the last one.

    As pictures, noise and timesteps are the same at each mark, the losses differ by what was learned and nothing else.
    """
    measured = [mark for mark in marks if mark.held_out_loss is not None]
    return best_of(measured) or last
