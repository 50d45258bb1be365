"""How long pictures take on this machine: measured while they are made, asked for estimates and fair turns.

The unit of work is one denoiser call on one megapixel; what it takes is measured for each checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.request import Request
from pipelines.samplers import SAMPLERS

MEMORY_SECONDS = 30.0  # measurements of more GPU time than this fade
GUESS_SECONDS = 1.0  # for one unit, as long as nothing was measured


@dataclass
class _Tally:
    seconds: float = 0.0
    units: float = 0.0


def units(request: Request, steps: int, after: int = 0) -> float:
    """The work of so many steps of one picture of this resolved request, after those that it has taken.

    Those of a second pass see a larger picture.
    """
    first = max(0, min(steps, request.steps_taken - after)) if request.hires else steps
    own = request.sampling.sampler
    work = first * _calls(own) * (request.width or 512) * (request.height or 512)
    if request.hires and first < steps:
        width, height = request.size
        work += (steps - first) * _calls(request.hires.sampler or own) * width * height
    return work / 1e6


def _calls(sampler: str | None) -> int:
    """Of the denoiser in a step."""
    return next((row.evaluations for row in SAMPLERS if row.name == sampler), 1)


class Pace:
    """Seconds a unit takes, by checkpoint, over everything that shared the GPU meanwhile."""

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}

    def note(self, checkpoint: str, *, seconds: float = 0.0, units_done: float = 0.0) -> None:
        """Adds GPU seconds or work; the two may come at different times."""
        tally = self._tallies.setdefault(checkpoint, _Tally())
        tally.seconds += seconds
        tally.units += units_done
        if tally.seconds > MEMORY_SECONDS:
            tally.seconds /= 2
            tally.units /= 2

    def is_known(self, checkpoint: str) -> bool:
        """Whether estimates for this checkpoint, or for another one in its place, rest on a measurement."""
        return self._seconds_per_unit(checkpoint) is not None

    def seconds(self, checkpoint: str, work_units: float) -> float:
        """The estimate; relative costs are right even while the pace is a guess."""
        known = self._seconds_per_unit(checkpoint)
        return work_units * (GUESS_SECONDS if known is None else known)

    def _seconds_per_unit(self, checkpoint: str) -> float | None:
        own = self._tallies.get(checkpoint)
        if own and own.seconds and own.units:
            return own.seconds / own.units
        measured = [t for t in self._tallies.values() if t.seconds and t.units]
        if not measured:
            return None
        return sum(t.seconds for t in measured) / sum(t.units for t in measured)
