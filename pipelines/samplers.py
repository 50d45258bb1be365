"""Names of the samplers and sigma schedules: the table that UI, API, docs and worker share (no torch here).

The functions themselves live in `worker/sampling/`; a test holds the two together.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.errors import RequestError

AUTOMATIC = "Automatic"
ALIKE = 0.5  # of the letters, for a name to be meant perhaps
# How AUTOMATIC1111 abbreviated a schedule at the end of an alias before they had fields of their own.
SUFFIXES = {"_ka": "Karras", "_exp": "Exponential"}

CHURNS = ("churn", "churn_from", "churn_to", "noise_scale")
STIRS = ("eta", "noise_scale")
ENDS = ("sigma_min", "sigma_max")


class SamplerName(NamedTuple):
    """One sampler: its name as AUTOMATIC1111 writes it, other spellings, and what Automatic means for it."""

    name: str
    aliases: tuple[str, ...]
    schedule: str
    evaluations: int = 1  # denoiser calls a step (the last step of a two-call sampler may need one)
    hint: str = ""
    heeds: tuple[str, ...] = ()  # the fields of Sampling that change its pictures
    skips_penultimate: bool = False  # leaves out the last level but one of each schedule
    # With its own schedule, from √(σ² + 1): as whole timesteps are trained.
    begins_whole: bool = False


SAMPLERS = (
    SamplerName("Euler", ("k_euler",), "Uniform", 1, "simple and steady", CHURNS),
    SamplerName(
        *("Euler a", ("k_euler_a", "k_euler_ancestral"), "Uniform", 1),
        hint="adds noise each step, varied",
        heeds=STIRS,
    ),
    SamplerName("Heun", ("k_heun",), "Uniform", 2, "two looks a step, precise", CHURNS),
    SamplerName("DPM++ 2M", ("k_dpmpp_2m",), "Karras", 1, "good in 15 to 25 steps"),
    SamplerName(
        *("DPM++ 2M SDE", ("k_dpmpp_2m_sde",), "Exponential", 1, "as 2M, with fresh noise", STIRS)
    ),
    SamplerName(
        *("DPM++ 2M SDE Heun", ("k_dpmpp_2m_sde_heun",), "Exponential", 1),
        hint="as 2M SDE, a little bolder",
        heeds=STIRS,
    ),
    SamplerName(
        *("DPM++ 3M SDE", ("k_dpmpp_3m_sde",), "Exponential", 1),
        hint="smooth, for 30 steps and more",
        heeds=STIRS,
        skips_penultimate=True,
    ),
    SamplerName(
        *("DPM++ SDE", ("k_dpmpp_sde",), "Karras", 2, "rich detail, two looks a step", STIRS)
    ),
    SamplerName(
        *("DPM++ 2S a", ("k_dpmpp_2s_a", "k_dpmpp_2s_ancestral"), "Karras", 2),
        hint="varied and detailed, two looks a step",
        heeds=STIRS,
    ),
    SamplerName(
        *("DPM2", ("k_dpm_2",), "Karras", 2, "an older Heun, two looks a step", CHURNS, True)
    ),
    SamplerName(
        *("DPM2 a", ("k_dpm_2_a", "k_dpm_2_ancestral"), "Karras", 2),
        hint="DPM2 with fresh noise",
        heeds=STIRS,
        skips_penultimate=True,
    ),
    SamplerName(
        *("DPM fast", ("k_dpm_fast",), "Uniform", 1),
        hint="its own levels, three looks of each step together",
        heeds=STIRS,
    ),
    SamplerName(
        *("DPM adaptive", ("k_dpm_ad", "k_dpm_adaptive"), "Karras", 3),
        hint="looks as often as it needs, slow",
        heeds=STIRS,
    ),
    SamplerName("LMS", ("k_lms",), "Uniform", 1, "looks back at four steps"),
    SamplerName(
        "PLMS", ("plms", "pndm"), "DDIM", 1, "the default of the first years", (), False, True
    ),
    SamplerName(
        *("Restart", ("restart", "k_restart"), "Karras", 2),
        hint="goes a part of the way again, from 20 steps on",
        heeds=("noise_scale",),
    ),
    SamplerName("HeunPP2", ("heunpp2",), "Uniform", 3, "three looks a step", CHURNS),
    SamplerName("IPNDM", ("ipndm",), "Uniform", 1, "PLMS for any schedule"),
    SamplerName("IPNDM_V", ("ipndm_v",), "Uniform", 1, "the same for unequal steps"),
    SamplerName("DEIS", ("deis",), "Uniform", 1, "good in 10 to 20 steps"),
    SamplerName("UniPC", ("unipc", "uni_pc"), "SGM Uniform", 1, "good in 8 to 15 steps"),
    SamplerName(
        *("DDPM", ("ddpm",), "Uniform", 1, "the first of all, needs many steps", ("noise_scale",))
    ),
    SamplerName("DDIM", ("ddim",), "DDIM", 1, "the classic, deterministic", STIRS, False, True),
    SamplerName(
        *("DDIM CFG++", ("ddim_cfgpp",), "DDIM", 1),
        hint="guidance without harsh colours",
        heeds=STIRS,
        begins_whole=True,
    ),
    SamplerName(
        *("Euler CFG++", ("euler_cfg_pp", "k_euler_cfg_pp"), "Uniform", 1),
        hint="the same, for a CFG scale of about 0.5 to 1.5",
        heeds=STIRS,
    ),
    SamplerName(
        *("LCM", ("k_lcm", "lcm"), "SGM Uniform", 1, "for few-step models, 2 to 8 steps"),
        heeds=("noise_scale",),
    ),
)


class ScheduleName(NamedTuple):
    """One way to spread the noise levels over the steps."""

    name: str
    aliases: tuple[str, ...]
    hint: str = ""
    heeds: tuple[str, ...] = ()  # the fields of Sampling that change its levels
    rho: float | None = None  # what it takes for ρ, if it heeds it


SCHEDULES = (
    ScheduleName(AUTOMATIC, ("automatic",), "what suits the sampler"),
    ScheduleName("Uniform", ("uniform",), "even in training time"),
    ScheduleName("Karras", ("karras",), "more steps at low noise", (*ENDS, "rho"), 7.0),
    ScheduleName("Exponential", ("exponential",), "even in log noise", ENDS),
    ScheduleName(
        *("Polyexponential", ("polyexponential",), "Exponential with a bend"),
        heeds=(*ENDS, "rho"),
        rho=1.0,
    ),
    ScheduleName(
        "SGM Uniform", ("sgm_uniform", "sgmuniform"), "for Lightning and LCM models", ENDS
    ),
    ScheduleName("KL Optimal", ("kl_optimal",), "few steps at high noise", ENDS),
    ScheduleName("Align Your Steps", ("align_your_steps", "ays"), "tuned for about ten steps"),
    ScheduleName("Simple", ("simple",), "every n-th training noise level"),
    ScheduleName("Normal", ("normal",), "Uniform, between ends of your own", ENDS),
    ScheduleName("DDIM", ("ddim", "ddim_uniform"), "whole timesteps, a little below the noisiest"),
    ScheduleName("Beta", ("beta",), "more steps at both ends", (*ENDS, "beta_alpha", "beta_beta")),
    ScheduleName("Turbo", ("turbo",), "for Turbo models, 1 to 4 steps"),
)


def _find(rows: Sequence[SamplerName | ScheduleName], name: str) -> str | None:
    wanted = " ".join(name.casefold().split())
    for row in rows:
        if wanted in (row.name.casefold(), *row.aliases):
            return row.name
    return None


def find_schedule(name: str) -> str | None:
    """The canonical name of a schedule, or None."""
    return _find(SCHEDULES, name)


def sampler_named(field: str, name: str) -> tuple[str, str | None]:
    """As `find_sampler`. Raises RequestError about this field, which says first what may have been meant."""
    found = find_sampler(name)
    if found is None:
        names = ", ".join(likely_first(name, SAMPLERS))
        raise RequestError(field, name, "is no sampler we know", f"Use one of: {names}.")
    return found


def schedule_named(field: str, name: str) -> str:
    """As `find_schedule`. Raises RequestError likewise."""
    found = find_schedule(name)
    if found is None:
        names = ", ".join(likely_first(name, SCHEDULES))
        raise RequestError(field, name, "is no schedule we know", f"Use one of: {names}.")
    return found


def find_sampler(name: str) -> tuple[str, str | None] | None:
    """(sampler, schedule or None) for a name in any spelling, or None when it is unknown.

    A trailing schedule is split off, as older AUTOMATIC1111 clients write it: "DPM++ 2M Karras", "k_dpmpp_2m_ka".
    """
    whole = _find(SAMPLERS, name)
    if whole:
        return whole, None
    spoken = " ".join(name.casefold().split())
    endings = {f" {spelling}": row.name for row in SCHEDULES for spelling in _spellings(row)}
    for ending, schedule in (endings | SUFFIXES).items():
        sampler = _find(SAMPLERS, spoken.removesuffix(ending)) if spoken.endswith(ending) else None
        if sampler:
            return sampler, schedule
    return None


def _spellings(row: ScheduleName) -> tuple[str, ...]:
    return row.name.casefold(), *row.aliases


def likely_first(name: str, rows: Sequence[SamplerName | ScheduleName]) -> list[str]:
    """The names of all rows, those first that somebody who wrote `name` may have meant."""
    spellings = {
        spelling.casefold(): row.name for row in rows for spelling in (row.name, *row.aliases)
    }
    alike = difflib.get_close_matches(name.casefold(), spellings, n=5, cutoff=ALIKE)
    return list(dict.fromkeys([*(spellings[one] for one in alike), *(row.name for row in rows)]))


def sampler_row(name: str) -> SamplerName:
    """The row of a canonical name."""
    return next(row for row in SAMPLERS if row.name == name)


def schedule_of(sampler: str, schedule: str) -> str:
    """The schedule that is really used: Automatic is replaced by the sampler's own."""
    return sampler_row(sampler).schedule if schedule == AUTOMATIC else schedule
