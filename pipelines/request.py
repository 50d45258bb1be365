"""Request: every fact that decides a picture, frozen, checked, and the same as JSON.

A field that is None takes the checkpoint's own default; `resolve` fills it in. What is queued, run, written
into the picture's metadata and read back from it is a resolved Request.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.asking.beginnings import Beginning, check_beginnings
from pipelines.asking.grid import Axis, Grid
from pipelines.asking.hires import Hires, check_hires, target_size, with_names
from pipelines.asking.morph import Morph, check_morph
from pipelines.asking.noise import ANY_SEED, RANDOM_SEED_MAX, Noise, check_noise
from pipelines.asking.sampling import Sampling, check_sampling
from pipelines.asking.wording import Wording, check_wording
from pipelines.editing.geometry import steps_taken
from pipelines.editing.source import Inpainting, Region, Source, check_source
from pipelines.errors import RequestError
from pipelines.fields import one, rows, typed, within
from pipelines.guiding.guides import Control, ImagePrompt, check_controls, check_image_prompts
from pipelines.samplers import AUTOMATIC, sampler_named, schedule_named

SIZE_PX = (64, 2048)
CLIP_SKIP = (1, 12)  # the worker knows how many layers there are
SWITCH_AT = (0.0, 1.0)
BATCH = (1, 16)
COUNT = (1, 64)
REFINER_SWITCH_AT = 0.8
PROMPT_BYTES = 10_000
FORMATS = ("png", "webp", "jpeg")
OWN_VAES = ("automatic", "none")  # as AUTOMATIC1111 calls the checkpoint's own
# Which edges of a picture meet when it is laid beside itself → what is said of it.
SEAMLESS = {"both": "all four", "x": "left and right", "y": "top and bottom"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One job: `batch_size` × `batch_count` pictures of one prompt, or those of a grid; seeds: see `variants`."""

    kind: str = "still"
    prompt: str = ""
    negative_prompt: str = ""
    # What was written before wildcards became words, of a picture whose prompt came out of them.
    template: str = ""
    negative_template: str = ""
    # Names, one a line, that are put into the prompts when the request is resolved.
    styles: str = ""
    morph: Morph | None = None  # another prompt that this one is blended with
    wording: Wording = field(default_factory=Wording)
    checkpoint: str | None = None
    vae: str | None = None  # the name of a file; None: the checkpoint's own
    width: int | None = None  # px, a multiple of 8
    height: int | None = None  # px, a multiple of 8
    sampling: Sampling = field(default_factory=Sampling)
    hires: Hires | None = None
    seamless: str | None = None  # which edges meet: a row of SEAMLESS
    source: Source | None = None  # the picture that it starts from; None: from noise alone
    inpainting: Inpainting | None = None  # where the source may change; None: everywhere
    # Which layer of the text encoder speaks, counted from the end: 1 is the last one, as in AUTOMATIC1111.
    clip_skip: int | None = None
    # A checkpoint that takes the picture over for its last steps, and after what share of the way: the training's
    # timesteps, as in AUTOMATIC1111 and diffusers.
    refiner: str | None = None
    refiner_switch_at: float | None = None
    seed: int = -1  # -1: a new one is rolled when the request is resolved
    noise: Noise = field(default_factory=Noise)
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
    beginnings: tuple[Beginning, ...] = ()  # of a branch: what held for the first steps
    grid: Grid | None = None

    @property
    def pictures(self) -> int:
        """How many pictures this request asks for, if it is no grid."""
        return self.batch_size * self.batch_count

    @property
    def steps_taken(self) -> int:
        """How many of its steps each picture takes at first: a source is changed by the last ones alone."""
        steps = self.sampling.steps or 0
        return steps_taken(steps, self.source.strength) if self.source else steps

    @property
    def hires_steps(self) -> int:
        """How many steps the second pass takes; 0 without one, or where it only enlarges."""
        if self.hires is None or not self.hires.strength:
            return 0
        return self.hires.steps or self.sampling.steps or 0

    @property
    def steps_in_all(self) -> int:
        """Of both passes."""
        return self.steps_taken + self.hires_steps

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in px of what the model makes in the end."""
        first = self.width or 0, self.height or 0
        return target_size(self.hires, *first) if self.hires else first

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

    def changed(self, changes: Mapping[str, Any]) -> Request:
        """With other values of these fields, named as in errors: "seed", "sampling.steps". Raises RequestError."""
        whole: dict[str, Any] = {}
        for name, value in changes.items():
            first, *path = name.split(".")
            if not path:
                whole[first] = value
                continue
            if not isinstance(whole.get(first), dict):
                part = None if first in whole else getattr(self, first, None)
                whole[first] = dataclasses.asdict(part) if part else {}
            inner = whole[first]
            for step in path[:-1]:
                inner[step] = inner.get(step) or {}
                inner = inner[step]
            inner[path[-1]] = value
        return dataclasses.replace(self, **_read(whole))

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Request:
        """A Request from JSON values; unknown names are refused, types are checked. Raises RequestError."""
        if not isinstance(values, dict):
            raise RequestError("request", values, "is no object of fields", "Send a JSON object.")
        return cls(**_read(values))


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a Request from JSON values."""
    given = dict(values)
    parts = {name: read(given.pop(name)) for name, read in PARTS.items() if name in given}
    return {**typed(Request, given), **parts}


def _part(cls: type[Any], name: str, **parts: type[Any]) -> Callable[[Any], Any]:
    """Reads an object that is always there: null stands for its defaults."""
    return lambda value: one(cls, value, name, **parts) or cls()


# The fields of a Request that are objects or lists of them, and how each is read from JSON.
PARTS: Mapping[str, Callable[[Any], Any]] = {
    "sampling": _part(Sampling, "sampling"),
    "noise": _part(Noise, "noise"),
    "wording": _part(Wording, "wording"),
    "morph": lambda value: one(Morph, value, "morph"),
    "hires": lambda value: one(Hires, value, "hires"),
    "source": lambda value: one(Source, value, "source"),
    "inpainting": lambda value: one(Inpainting, value, "inpainting", region=Region),
    "controls": lambda value: rows(Control, value, "controls"),
    "image_prompts": lambda value: rows(ImagePrompt, value, "image_prompts"),
    "beginnings": lambda value: rows(Beginning, value, "beginnings"),
    "grid": lambda value: one(Grid, value, "grid", x=Axis, y=Axis, z=Axis),
}


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
    sampler, schedule_in_name = defaults.sampler, None
    if asked.sampler is not None:
        sampler, schedule_in_name = sampler_named("sampler", asked.sampler)
    own_schedule = defaults.schedule if sampler == defaults.sampler else AUTOMATIC
    schedule = schedule_named("schedule", asked.schedule or schedule_in_name or own_schedule)
    if schedule == AUTOMATIC and schedule_in_name:
        schedule = schedule_in_name
    sampling = dataclasses.replace(
        asked,
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
        hires=with_names(request.hires, checkpoint) if request.hires else None,
    )
    check(resolved)
    return rolled(resolved)


def rolled(request: Request) -> Request:
    """With a seed for every one that was left to chance."""
    noise = request.noise
    if noise.variation_seed == -1 and noise.variation_strength:
        noise = dataclasses.replace(noise, variation_seed=roll())
    if noise.later_seed == -1:
        noise = dataclasses.replace(noise, later_seed=roll())
    seed = roll() if request.seed == -1 else request.seed
    return dataclasses.replace(request, seed=seed, noise=noise)


def roll() -> int:
    """A seed by chance."""
    return secrets.randbelow(RANDOM_SEED_MAX + 1)


def is_own_vae(name: str | None) -> bool:
    """Whether this means the checkpoint's own VAE."""
    return not name or name.casefold() in OWN_VAES


def check(request: Request) -> None:
    """Raises RequestError for the first field whose value cannot be used."""
    check_text("prompt", request.prompt)
    check_text("negative_prompt", request.negative_prompt)
    if request.morph is not None:
        check_morph(request.morph)
        check_text("morph.prompt", request.morph.prompt)
        check_text("morph.negative_prompt", request.morph.negative_prompt)
    check_text("template", request.template)
    check_text("negative_template", request.negative_template)
    check_text("vae", request.vae or "")
    for name in ("width", "height"):
        _check_side(name, getattr(request, name))
    check_sampling(request.sampling)
    check_wording(request.wording)
    if request.clip_skip is not None:  # requests of older versions have none
        within("clip_skip", request.clip_skip, CLIP_SKIP, "layers from the end")
    if request.refiner_switch_at is not None:
        within("refiner_switch_at", request.refiner_switch_at, SWITCH_AT, "of the way")
    within("seed", request.seed, ANY_SEED)
    check_noise(request.noise)
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
    if request.seamless is not None and request.seamless not in SEAMLESS:
        known = ", ".join(SEAMLESS)
        raise RequestError("seamless", request.seamless, "is not known", f"Use {known} or null.")
    is_cut_out = request.inpainting is not None and request.inpainting.area == "masked"
    if request.seamless and is_cut_out:
        why = "what is cut out of a picture has no edges that meet"
        remedy = 'Leave it out, or use "picture" or "whole" for inpainting.area.'
        raise RequestError("seamless", request.seamless, why, remedy)
    check_source(request)
    if request.hires is not None:
        _check_hires(request, request.hires)
    check_beginnings(request.beginnings, request.steps_taken)
    for number, one_before in enumerate(request.beginnings):
        check_text(f"beginnings.{number}.prompt", one_before.prompt)
        check_text(f"beginnings.{number}.negative_prompt", one_before.negative_prompt)
    check_controls(request.controls)
    check_image_prompts(request.image_prompts)
    if request.kind != "still":
        raise RequestError("kind", request.kind, "is no kind of job we know", "Use still.")


def _check_hires(request: Request, hires: Hires) -> None:
    if request.source is not None:
        why = "pictures that start from another one get no second pass"
        raise RequestError(
            "hires.scale", hires.scale, why, "Use a larger size, or leave hires out."
        )
    check_hires(hires, request.width or 0, request.height or 0)
    check_text("hires.prompt", hires.prompt)
    check_text("hires.negative_prompt", hires.negative_prompt)


def _check_side(name: str, px: Any) -> None:
    within(name, px, SIZE_PX, "px")
    if px % 8:
        near = px // 8 * 8
        raise RequestError(name, px, "is no multiple of 8", f"Use {near} or {near + 8}.")


def check_text(name: str, text: str) -> None:
    """Raises RequestError for a prompt that no file can hold, or that is too long."""
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
