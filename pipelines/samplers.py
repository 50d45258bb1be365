"""Names of the samplers and sigma schedules: the table that UI, API, docs and worker share (no torch here).

The functions themselves live in `worker/sampling/`; a test holds the two together.
"""

from __future__ import annotations

from typing import NamedTuple

from pipelines.errors import RequestError

AUTOMATIC = "Automatic"


class SamplerName(NamedTuple):
    """One sampler: its name as AUTOMATIC1111 writes it, other spellings, and what Automatic means for it."""

    name: str
    aliases: tuple[str, ...]
    schedule: str
    evaluations: int = 1  # denoiser calls a step (the last step of a two-call sampler may need one)
    hint: str = ""


SAMPLERS = (
    SamplerName("Euler", ("k_euler",), "Uniform", 1, "simple and steady"),
    SamplerName(
        "Euler a", ("k_euler_a", "k_euler_ancestral"), "Uniform", 1, "adds noise each step, varied"
    ),
    SamplerName("Heun", ("k_heun",), "Uniform", 2, "two looks a step, precise"),
    SamplerName("DPM++ 2M", ("k_dpmpp_2m",), "Karras", 1, "good in 15 to 25 steps"),
    SamplerName("DPM++ 2M SDE", ("k_dpmpp_2m_sde",), "Exponential", 1, "as 2M, with fresh noise"),
    SamplerName("DPM++ SDE", ("k_dpmpp_sde",), "Karras", 2, "rich detail, two looks a step"),
    SamplerName("DDIM", ("ddim",), "Uniform", 1, "the classic, deterministic"),
    SamplerName("UniPC", ("unipc",), "Uniform", 1, "good in 8 to 15 steps"),
    SamplerName("LCM", ("k_lcm",), "SGM Uniform", 1, "for few-step models, 2 to 8 steps"),
)


class ScheduleName(NamedTuple):
    """One way to spread the noise levels over the steps."""

    name: str
    aliases: tuple[str, ...]
    hint: str = ""


SCHEDULES = (
    ScheduleName(AUTOMATIC, ("automatic",), "what suits the sampler"),
    ScheduleName("Uniform", ("uniform",), "even in training time"),
    ScheduleName("Karras", ("karras",), "more steps at low noise"),
    ScheduleName("Exponential", ("exponential",), "even in log noise"),
    ScheduleName("SGM Uniform", ("sgm_uniform", "sgmuniform"), "for Lightning and LCM models"),
    ScheduleName("Simple", ("simple",), "every n-th training noise level"),
    ScheduleName("Beta", ("beta",), "more steps at both ends"),
)


def _find(rows: tuple[SamplerName, ...] | tuple[ScheduleName, ...], name: str) -> str | None:
    wanted = name.strip().casefold()
    for row in rows:
        if wanted in (row.name.casefold(), *row.aliases):
            return row.name
    return None


def find_schedule(name: str) -> str | None:
    """The canonical name of a schedule, or None."""
    return _find(SCHEDULES, name)


def sampler_named(field: str, name: str) -> tuple[str, str | None]:
    """As `find_sampler`. Raises RequestError about this field."""
    found = find_sampler(name)
    if found is None:
        names = ", ".join(row.name for row in SAMPLERS)
        raise RequestError(field, name, "is no sampler we know", f"Use one of: {names}.")
    return found


def schedule_named(field: str, name: str) -> str:
    """As `find_schedule`. Raises RequestError about this field."""
    found = find_schedule(name)
    if found is None:
        names = ", ".join(row.name for row in SCHEDULES)
        raise RequestError(field, name, "is no schedule we know", f"Use one of: {names}.")
    return found


def find_sampler(name: str) -> tuple[str, str | None] | None:
    """(sampler, schedule or None) for a name in any spelling, or None when it is unknown.

    A trailing schedule is split off, as older AUTOMATIC1111 clients write it: "DPM++ 2M Karras".
    """
    whole = _find(SAMPLERS, name)
    if whole:
        return whole, None
    for row in SCHEDULES:
        for spelling in (row.name, *row.aliases):
            head, space, tail = (
                name.strip().rpartition(" ")
                if " " not in spelling
                else (name.strip()[: -len(spelling)], " ", name.strip()[-len(spelling) :])
            )
            sampler = _find(SAMPLERS, head) if space else None
            if sampler and tail.casefold() == spelling.casefold():
                return sampler, row.name
    return None


def schedule_of(sampler: str, schedule: str) -> str:
    """The schedule that is really used: Automatic is replaced by the sampler's own."""
    if schedule != AUTOMATIC:
        return schedule
    return next(row.schedule for row in SAMPLERS if row.name == sampler)
