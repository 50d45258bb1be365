"""Request: every fact that decides a picture, frozen, checked, and the same as JSON.

A field that is None takes the checkpoint's own default; `resolve` fills it in. What is queued, run, written
into the picture's metadata and read back from it is a resolved Request.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from pipelines.editing.geometry import steps_taken
from pipelines.editing.source import Inpainting, Region, Source, check_source
from pipelines.errors import RequestError
from pipelines.fields import one, rows, typed, within
from pipelines.guiding.guides import Control, ImagePrompt, check_controls, check_image_prompts
from pipelines.samplers import AUTOMATIC, SAMPLERS, SCHEDULES, find_sampler, find_schedule

SIZE_PX = (64, 2048)
STEPS = (1, 150)
GUIDANCE = (0.0, 30.0)
CLIP_SKIP = (1, 12)  # the worker knows how many layers there are
SWITCH_AT = (0.0, 1.0)
BATCH = (1, 16)
COUNT = (1, 64)
SEED_MAX = 2**53 - 1  # the largest whole number that JSON clients keep exactly
REFINER_SWITCH_AT = 0.8
RANDOM_SEED_MAX = 2**32 - 3  # what AUTOMATIC1111 rolls, so that seeds can be carried over
PROMPT_BYTES = 10_000
FORMATS = ("png", "webp", "jpeg")
OWN_VAES = ("automatic", "none")  # as AUTOMATIC1111 calls the checkpoint's own


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How noise becomes a picture. `guidance_scale` is CFG; 1 switches the negative prompt off."""

    sampler: str | None = None
    schedule: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """One job: `batch_size` × `batch_count` pictures of one prompt; picture n has the seed `seed + n`."""

    kind: str = "still"
    prompt: str = ""
    negative_prompt: str = ""
    checkpoint: str | None = None
    vae: str | None = None  # the name of a file; None: the checkpoint's own
    width: int | None = None  # px, a multiple of 8
    height: int | None = None  # px, a multiple of 8
    sampling: Sampling = field(default_factory=Sampling)
    source: Source | None = None  # the picture that it starts from; None: from noise alone
    inpainting: Inpainting | None = None  # where the source may change; None: everywhere
    # Which layer of the text encoder speaks, counted from the end: 1 is the last one, as in AUTOMATIC1111.
    clip_skip: int | None = None
    # A checkpoint that takes the picture over for its last steps, and after what share of the way: the training's
    # timesteps, as in AUTOMATIC1111 and diffusers.
    refiner: str | None = None
    refiner_switch_at: float | None = None
    seed: int = -1  # -1: a new one is rolled when the request is resolved
    batch_size: int = 1  # pictures that develop together
    batch_count: int = 1  # batches one after another
    # Contact sheet: hold each picture after this share of its steps.
    draft_fraction: float | None = None
    # Pictures with a longer side are denoised in overlapping tiles of so many px; None: as a whole.
    tile: int | None = None
    # Never share a forward with other pictures: bit-identical on one device and build.
    exact: bool = False
    format: str = "png"
    controls: tuple[Control, ...] = ()
    image_prompts: tuple[ImagePrompt, ...] = ()

    @property
    def pictures(self) -> int:
        """How many pictures this request asks for."""
        return self.batch_size * self.batch_count

    @property
    def steps_taken(self) -> int:
        """How many of its steps each picture takes: a source is changed by the last ones alone."""
        steps = self.sampling.steps or 0
        return steps_taken(steps, self.source.strength) if self.source else steps

    @property
    def draft_steps(self) -> int | None:
        """After how many steps each picture is held for the user's choice; None: never."""
        taken = self.steps_taken
        if self.draft_fraction is None or taken < 2:
            return None
        first = (self.sampling.steps or 0) - taken
        return first + min(max(1, round(taken * self.draft_fraction)), taken - 1)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` is the inverse."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Request:
        """A Request from JSON values; unknown names are refused, types are checked. Raises RequestError."""
        if not isinstance(values, dict):
            raise RequestError("request", values, "is no object of fields", "Send a JSON object.")
        given = dict(values)
        controls = rows(Control, given.pop("controls", ()), "controls")
        prompts = rows(ImagePrompt, given.pop("image_prompts", ()), "image_prompts")
        source = one(Source, given.pop("source", None), "source")
        inpainting = one(Inpainting, given.pop("inpainting", None), "inpainting", region=Region)
        sampling = given.pop("sampling", {})
        if isinstance(sampling, Sampling):
            sampling = dataclasses.asdict(sampling)
        if not isinstance(sampling, dict):
            raise RequestError(
                "sampling", sampling, "is no object of fields", "Send sampler, steps … in it."
            )
        read = Sampling(**typed(Sampling, sampling, "sampling."))
        parts: dict[str, Any] = {"sampling": read, "source": source, "inpainting": inpainting}
        return cls(**typed(cls, given), **parts, controls=controls, image_prompts=prompts)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What a checkpoint is best used with; fills the fields of a Request that were left None."""

    width: int = 512
    height: int = 512
    sampler: str = "DPM++ 2M"
    schedule: str = AUTOMATIC
    steps: int = 20
    guidance_scale: float = 7.0
    clip_skip: int = 1
    vae: str | None = None  # a file that decodes this checkpoint's latents instead of the VAE in it


def resolve(request: Request, checkpoint: str, defaults: Defaults) -> Request:
    """Fills every open field, normalises names, rolls the seed and checks all bounds. Raises RequestError."""
    asked = request.sampling
    found = find_sampler(asked.sampler) if asked.sampler is not None else (defaults.sampler, None)
    if found is None:
        names = ", ".join(row.name for row in SAMPLERS)
        raise RequestError(
            "sampler", asked.sampler, "is no sampler we know", f"Use one of: {names}."
        )
    sampler, schedule_in_name = found
    own_schedule = defaults.schedule if sampler == defaults.sampler else AUTOMATIC
    schedule = find_schedule(asked.schedule or schedule_in_name or own_schedule)
    if schedule is None:
        names = ", ".join(row.name for row in SCHEDULES)
        raise RequestError(
            "schedule", asked.schedule, "is no schedule we know", f"Use one of: {names}."
        )
    if schedule == AUTOMATIC and schedule_in_name:
        schedule = schedule_in_name
    sampling = Sampling(
        sampler=sampler,
        schedule=schedule,
        steps=_or(asked.steps, defaults.steps),
        guidance_scale=_or(asked.guidance_scale, defaults.guidance_scale),
    )
    # Nobody is needed to go on with one's own picture.
    refiner = request.refiner if request.refiner not in ("", checkpoint) else None
    resolved = dataclasses.replace(
        request,
        checkpoint=checkpoint,
        vae=defaults.vae if is_own_vae(request.vae) else request.vae,
        width=_or(request.width, defaults.width),
        height=_or(request.height, defaults.height),
        sampling=sampling,
        clip_skip=_or(request.clip_skip, defaults.clip_skip),
        refiner=refiner,
        refiner_switch_at=_or(request.refiner_switch_at, REFINER_SWITCH_AT) if refiner else None,
    )
    check(resolved)
    if resolved.seed == -1:
        resolved = dataclasses.replace(resolved, seed=secrets.randbelow(RANDOM_SEED_MAX + 1))
    return resolved


def is_own_vae(name: str | None) -> bool:
    """Whether this means the checkpoint's own VAE."""
    return not name or name.casefold() in OWN_VAES


def check(request: Request) -> None:
    """Raises RequestError for the first field whose value cannot be used."""
    _check_text("prompt", request.prompt)
    _check_text("negative_prompt", request.negative_prompt)
    _check_text("vae", request.vae or "")
    for name in ("width", "height"):
        _check_side(name, getattr(request, name))
    within("steps", request.sampling.steps, STEPS, "steps")
    within("guidance_scale", request.sampling.guidance_scale, GUIDANCE)
    if request.clip_skip is not None:  # requests of older versions have none
        within("clip_skip", request.clip_skip, CLIP_SKIP, "layers from the end")
    if request.refiner_switch_at is not None:
        within("refiner_switch_at", request.refiner_switch_at, SWITCH_AT, "of the way")
    within("seed", request.seed, (-1, SEED_MAX))
    within("batch_size", request.batch_size, BATCH, "pictures at once")
    within("batch_count", request.batch_count, COUNT, "batches")
    if request.tile is not None:
        _check_side("tile", request.tile)
    if request.draft_fraction is not None:
        within("draft_fraction", request.draft_fraction, (0.05, 0.95), "of the steps")
    if request.format not in FORMATS:
        raise RequestError(
            "format", request.format, "is no file format we write", f"Use {', '.join(FORMATS)}."
        )
    check_source(request)
    check_controls(request.controls)
    check_image_prompts(request.image_prompts)
    if request.kind != "still":
        raise RequestError("kind", request.kind, "is no kind of job we know", "Use still.")


def _check_side(name: str, px: Any) -> None:
    within(name, px, SIZE_PX, "px")
    if px % 8:
        near = px // 8 * 8
        raise RequestError(name, px, "is no multiple of 8", f"Use {near} or {near + 8}.")


def _check_text(name: str, text: str) -> None:
    try:
        length_bytes = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can carry and no file can
        raise RequestError(name, text, "is no valid Unicode text", "Type it again.") from None
    if "\0" in text:
        raise RequestError(name, text, "holds a NUL character", "Remove it.")
    if length_bytes > PROMPT_BYTES:
        remedy = f"Shorten it to at most {PROMPT_BYTES:,} bytes."
        raise RequestError(name, text, f"is {length_bytes:,} bytes long", remedy)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
