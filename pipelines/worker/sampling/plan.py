"""The plan of a picture: who steps, through which noise levels, and what they are told beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pipelines.asking.sampling import Sampling
from pipelines.samplers import sampler_row, schedule_of
from pipelines.worker.sampling.arranging import fast_levels, restart_levels
from pipelines.worker.sampling.conditioning import PLAIN, Guidance
from pipelines.worker.sampling.noise_schedule import NoiseSchedule
from pipelines.worker.sampling.schedules import SCHEDULE_FUNCTIONS, Sigmas
from pipelines.worker.sampling.state import State

# Samplers that go their own way between the ends of the schedule; as many levels again.
ARRANGEMENTS: Mapping[str, Callable[[Sigmas, Sampling], Sigmas]] = {
    "DPM fast": fast_levels,
    "Restart": restart_levels,
}
# The first one counts CFG in units of 12.5, as AUTOMATIC1111 does, so that the usual numbers suit it.
GUIDANCE: Mapping[str, Guidance] = {
    "DDIM CFG++": Guidance(share=1 / 12.5, keeps_uncond=True),
    "Euler CFG++": Guidance(keeps_uncond=True),
}


NOTHING_TOLD = Sampling()


@dataclass(frozen=True)
class Plan:
    """What all pictures of a request share."""

    sampler: str
    # One level before each step, and one after the last; they fall, but for Restart and DPM fast.
    sigmas: Sigmas
    options: Sampling = NOTHING_TOLD
    guidance: Guidance = PLAIN
    # The step that pictures begin with: those that are made of others take the last ones alone.
    first: int = 0
    # Whether the first x has the variance of noise and picture together, σ² + 1, and not that of the noise.
    begins_whole: bool = False

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1

    def is_done(self, state: State) -> bool:
        return state.step >= self.steps

    def way(self, state: State) -> tuple[float, float]:
        """(σ, σ'): from which level to which the next step leads."""
        return self.sigmas[state.step], self.sigmas[state.step + 1]

    def eta(self, usual: float = 1.0) -> float:
        """How much of the noise is added that the sampler could add."""
        return usual if self.options.eta is None else self.options.eta


def plan(sampling: Sampling, training: NoiseSchedule, steps_taken: int | None = None) -> Plan:
    """The plan of a resolved request for a model trained so; `steps_taken`: how many of the last ones, None: all."""
    if sampling.sampler is None or sampling.schedule is None or sampling.steps is None:
        raise ValueError(f"the request was not resolved: {sampling}")
    row, steps = sampler_row(sampling.sampler), sampling.steps
    schedule = schedule_of(row.name, sampling.schedule)
    skips = (
        row.skips_penultimate if sampling.skips_penultimate is None else sampling.skips_penultimate
    )
    sigmas = SCHEDULE_FUNCTIONS[schedule](steps + skips, training, sampling)
    if skips:
        sigmas = (*sigmas[:-2], sigmas[-1])
    first = 0 if steps_taken is None else steps - steps_taken
    if row.name in ARRANGEMENTS:
        sigmas = (*sigmas[:first], *ARRANGEMENTS[row.name](sigmas[first:], sampling))
    guidance = GUIDANCE.get(row.name, PLAIN)
    return Plan(
        sampler=row.name,
        sigmas=sigmas,
        options=sampling,
        guidance=replace(guidance, rescale=sampling.guidance_rescale),
        first=first,
        begins_whole=sampling.sgm_noise or (row.begins_whole and schedule == row.schedule),
    )
