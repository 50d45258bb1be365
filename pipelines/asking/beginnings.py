"""Branches: a picture whose first steps were taken as another request says."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.asking.noise import ANY_SEED
from pipelines.asking.sampling import GUIDANCE
from pipelines.errors import RequestError
from pipelines.fields import within

BEGINNINGS = 16


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What held for the steps before `until`, counted from 0; the request itself holds from the last one on.

    All else (sampler, schedule, steps, size, seed) is the request's.
    """

    until: int = 0
    prompt: str = ""
    negative_prompt: str = ""
    guidance_scale: float = 7.0
    later_seed: int | None = None  # whose noise was added on the way; None: the picture's own


def check_beginnings(beginnings: tuple[Beginning, ...], steps: int) -> None:
    """Raises RequestError for the first one that cannot be used, named e.g. "beginnings.0.until"."""
    if len(beginnings) > BEGINNINGS:
        why = f"are more than {BEGINNINGS} branches of branches"
        raise RequestError("beginnings", len(beginnings), why, "Branch from an earlier picture.")
    before = 0
    for number, one in enumerate(beginnings):
        name = f"beginnings.{number}"
        within(f"{name}.until", one.until, (before + 1, steps - 1), "steps")
        within(f"{name}.guidance_scale", one.guidance_scale, GUIDANCE)
        if one.later_seed is not None:
            within(f"{name}.later_seed", one.later_seed, (0, ANY_SEED[1]))
        before = one.until
