"""How costs are measured so that a busy machine does not decide the result: CPU-seconds, interleaved, medians.

CPU-seconds (`time.process_time`: all threads of this process, user and system) do not grow while another process
has the core. They do grow when a neighbour takes the caches or the core's other hyperthread; therefore the
candidates take turns, in alternating order, and medians are compared. With torch held to one thread, no thread spins
while it waits for another. On a GPU the host's CPU-seconds say nothing about the device: there, wall time is used.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What one piece of work took."""

    cpu_seconds: float
    wall_seconds: float

    def on(self, device: str) -> float:
        """The figure that counts on this device."""
        return self.cpu_seconds if device == "cpu" else self.wall_seconds


def unit(device: str) -> str:
    return "CPU-s" if device == "cpu" else "s"


def cost_of(work: Callable[[], object]) -> Cost:
    """Runs it once. Garbage of what ran before is collected first, outside the measured time."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def take_turns(
    candidates: dict[str, Callable[[], object]], rounds: int, warm_ups: int = 1
) -> dict[str, list[Cost]]:
    """Each candidate once a round, the order reversed in every other round; warm-ups are not counted."""
    names = list(candidates)
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for number in range(-warm_ups, rounds):
        for name in names if number % 2 else reversed(names):
            cost = cost_of(candidates[name])
            if number >= 0:
                costs[name].append(cost)
    return costs


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0…1) of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def seconds(value: float) -> str:
    """A duration with its unit, at three digits."""
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
