"""Samplers that go their own way between the ends of a schedule: the levels that they pass, as many as there were."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np

from pipelines.asking.sampling import Sampling
from pipelines.worker.sampling.paths import down_and_up
from pipelines.worker.sampling.schedules import Sigmas, karras_ramp

RESTART_STEPS = 20  # with fewer there is none
RESTART_BOTTOM, RESTART_TOP = 0.1, 2.0
LOOKS = {1: (), 2: (1 / 2,), 3: (1 / 3, 2 / 3)}  # order of a step → where in λ it looks again


def restart_levels(sigmas: Sigmas, options: Sampling) -> Sigmas:
    """The levels at which the steps of Restart end: Karras' down to about 0.1, then from about 2 again, and on to 0.

    Xu et al. 2023 (arXiv:2306.14878); where and how often is AUTOMATIC1111's choice: once from 20 steps on, twice
    from 36 on. A level that is higher than the one before it is reached from the top.
    """
    steps = len(sigmas) - 1
    if steps < RESTART_STEPS:
        return sigmas
    again, times = (steps // 4, 2) if steps >= 36 else (9, 1)
    way = (*karras_ramp(sigmas[0], sigmas[-2], steps - again * times), 0.0)
    top, bottom = nearest(way, RESTART_TOP), nearest(way, RESTART_BOTTOM)
    if not bottom or top >= bottom:
        return sigmas
    loop = karras_ramp(way[top], way[bottom], again + 1)[1:]
    return (*way[: bottom + 1], *loop * times, *way[bottom + 1 :])


def nearest(sigmas: Sigmas, level: float) -> int:
    """Which of them comes closest."""
    return min(range(len(sigmas)), key=lambda place: abs(sigmas[place] - level))


def fast_orders(looks: int) -> list[int]:
    """Of the steps of DPM-Solver-fast with so many looks: Lu et al. 2022 (arXiv:2206.00927), section 3.4."""
    thirds, rest = divmod(looks, 3)
    return [3] * thirds + [rest] if rest else [3] * (thirds - 1) + [2, 1]


def fast_step(looks: int, look: int) -> tuple[int, int]:
    """(number of the first look, order) of the step to which a look belongs."""
    orders = fast_orders(looks)
    ends = list(accumulate(orders))
    place = next(place for place, end in enumerate(ends) if look < end)
    return ends[place] - orders[place], orders[place]


def fast_levels(sigmas: Sigmas, options: Sampling) -> Sigmas:
    """The levels of the looks of DPM-Solver-fast: steps even in λ from the first level to the last that is not 0."""
    looks = len(sigmas) - 1
    if looks < 2:
        return sigmas
    bottom = sigmas[-1] or sigmas[-2]
    orders = fast_orders(looks)
    ends = np.geomspace(sigmas[0], bottom, len(orders) + 1).tolist()
    levels: list[float] = []
    for start, end, order in zip(ends, ends[1:], orders, strict=False):
        down = fast_down(start, end, bottom, options)[0]
        levels += [start, *(start ** (1 - share) * down**share for share in LOOKS[order])]
    return (*levels, bottom)


def fast_down(start: float, end: float, bottom: float, options: Sampling) -> tuple[float, float]:
    """(down, up) of a step of it, which never leads below the bottom; η is 1 unless it is told."""
    eta = 1.0 if options.eta is None else options.eta
    down = max(bottom, down_and_up(start, end, eta)[0])
    return down, math.sqrt(max(0.0, end**2 - down**2))
