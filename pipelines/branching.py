"""Branches: from a picture another one, which is the same up to a step and goes its own way from there.

The branch is a request of its own (`Request.beginnings`) that needs nothing of the old picture: its first steps are
taken again, so it can be made long after kept steps were dropped, and its file alone makes it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pipelines.asking.beginnings import Beginning
from pipelines.asking.noise import ANY_SEED
from pipelines.asking.sampling import Sampling
from pipelines.errors import RequestError
from pipelines.fields import typed, within
from pipelines.request import Request
from pipelines.samplers import SAMPLERS

USUALLY_STEADY = ("DDIM", "DDIM CFG++", "Euler CFG++")  # add noise only where η says so

# What a request must say before the course of its picture is known.
NEEDED = ("checkpoint", "width", "height")
NEEDED_OF_SAMPLING = ("sampler", "schedule", "steps", "guidance_scale")


@dataclass(frozen=True, kw_only=True)
class Branch:
    """From which step on what is different. None: as in the picture; counted are the steps of its first pass."""

    step: int = 0  # so many are taken as they were
    prompt: str | None = None
    negative_prompt: str | None = None
    guidance_scale: float | None = None
    later_seed: int | None = None  # whose noise is added from there on; -1 rolls one
    batch_size: int = 1  # pictures of a branch differ in their later_seed

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Branch:
        """From JSON values. Raises RequestError."""
        return cls(**typed(cls, values))


def branched(old: Request, asked: Branch) -> Request:
    """The request of a branch of the picture that `old` alone makes. Raises RequestError.

    Where the step lies in a beginning of a picture that is a branch itself, this beginning is what goes on.
    """
    _check_whole(old)
    if old.steps_taken < 2:
        why = f"the picture takes {old.steps_taken}, and none would stay as it was"
        raise RequestError("step", asked.step, why, "Make one of more steps first.")
    within("step", asked.step, (1, old.steps_taken - 1), "steps")
    taken, going = (_holding(old, step) for step in (asked.step - 1, asked.step))
    changed = replace(going, until=0, **_given(asked))
    _check_change(old, asked, replace(going, until=0), changed)
    before = tuple(one for one in old.beginnings if one.until < asked.step)
    return replace(
        old,
        prompt=changed.prompt,
        negative_prompt=changed.negative_prompt,
        template=old.template if changed.prompt == old.prompt else "",
        negative_template=(
            old.negative_template if changed.negative_prompt == old.negative_prompt else ""
        ),
        sampling=replace(old.sampling, guidance_scale=changed.guidance_scale),
        noise=replace(old.noise, later_seed=changed.later_seed),
        beginnings=(*before, replace(taken, until=asked.step)),
        batch_size=asked.batch_size,
        batch_count=1,
    )


def as_asked(error: RequestError, asked: Branch) -> RequestError:
    """What is wrong between the first steps and the new prompt is said of the prompt, which can be changed."""
    if asked.prompt is None or not error.field.startswith("beginnings."):
        return error
    why = f"it does not go with the first steps, which stay as they were: {error.why}"
    return RequestError("prompt", asked.prompt, why, "Name the LoRAs that the picture has.")


def adds_noise(sampling: Sampling) -> bool:
    """Whether pictures may get fresh noise on the way; not where the sampler is not known."""
    row = next((one for one in SAMPLERS if one.name == sampling.sampler), None)
    if row is None:
        return False
    if "churn" in row.heeds:
        return sampling.churn > 0
    if "eta" in row.heeds:
        usual = 0.0 if row.name in USUALLY_STEADY else 1.0
        return (usual if sampling.eta is None else sampling.eta) > 0
    return "noise_scale" in row.heeds


def _holding(request: Request, step: int) -> Beginning:
    """What holds at a step of the first pass, counted from 0."""
    assert request.sampling.guidance_scale is not None
    last = Beginning(
        until=request.steps_taken,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        guidance_scale=request.sampling.guidance_scale,
        later_seed=request.noise.later_seed,
    )
    return next(one for one in (*request.beginnings, last) if step < one.until)


def _given(asked: Branch) -> dict[str, Any]:
    names = ("prompt", "negative_prompt", "guidance_scale", "later_seed")
    return {name: value for name in names if (value := getattr(asked, name)) is not None}


def _check_whole(old: Request) -> None:
    open_fields = [name for name in NEEDED if getattr(old, name) is None]
    open_fields += [name for name in NEEDED_OF_SAMPLING if getattr(old.sampling, name) is None]
    open_fields += ["seed"] if old.seed < 0 else []
    if open_fields:
        why = f"what is known of the picture lacks {', '.join(open_fields)}"
        raise RequestError("step", None, why, "Make the picture here first, then branch from that.")


def _check_change(old: Request, asked: Branch, going: Beginning, changed: Beginning) -> None:
    if changed == going:
        why = "nothing is different from there on"
        remedy = "Change the prompt, the negative prompt, the CFG scale or the later seed."
        raise RequestError("step", asked.step, why, remedy)
    if asked.later_seed is not None:
        within("later_seed", asked.later_seed, ANY_SEED)
    is_stirred = adds_noise(old.sampling)
    calm = f"{old.sampling.sampler} adds no noise on the way"
    if not is_stirred and replace(changed, later_seed=going.later_seed) == going:
        why = f"{calm}, so another seed changes nothing"
        remedy = (
            "Change the prompt or the CFG scale, or make a picture with one that does: Euler a."
        )
        raise RequestError("later_seed", asked.later_seed, why, remedy)
    if asked.batch_size > 1 and not (is_stirred and changed.later_seed is not None):
        why = "the pictures of a branch differ in the noise that is added on the way"
        remedy = "Give a later_seed, −1 for any." if is_stirred else f"Use 1: {calm}."
        raise RequestError("batch_size", asked.batch_size, why, remedy)
