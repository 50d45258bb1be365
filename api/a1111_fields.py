"""AUTOMATIC1111's dialect: its request into ours. Pure, no HTTP.

Clients of that API send null for "not set", floats for whole numbers, numbers as text, -1 for "your own size", and
fields of extensions that we do not know; all that is taken as it is meant. A field that is left out takes the
checkpoint's own default, where AUTOMATIC1111 itself would take 512 × 512, 50 steps and Euler.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipelines import EMPHASES, NOISE_SOURCES, Request, RequestError


class Field(NamedTuple):
    """One field of theirs: its name, ours as in errors, and how its value is read."""

    theirs: str
    ours: str
    kind: str


FIELDS = (
    Field("prompt", "prompt", "text"),
    Field("negative_prompt", "negative_prompt", "text"),
    Field("width", "width", "size"),
    Field("height", "height", "size"),
    Field("seed", "seed", "whole"),
    Field("subseed", "noise.variation_seed", "whole"),
    Field("subseed_strength", "noise.variation_strength", "number"),
    Field("seed_resize_from_w", "noise.from_width", "some"),
    Field("seed_resize_from_h", "noise.from_height", "some"),
    Field("batch_size", "batch_size", "whole"),
    Field("n_iter", "batch_count", "whole"),
    Field("clip_skip", "clip_skip", "layer"),  # the option of the request, below, wins
    Field("refiner_checkpoint", "refiner", "model"),
    Field("refiner_switch_at", "refiner_switch_at", "number"),
    Field("tiling", "seamless", "tiling"),
    Field("sampler_index", "sampling.sampler", "name"),  # the older name; the next row wins
    Field("sampler_name", "sampling.sampler", "name"),
    Field("scheduler", "sampling.schedule", "name"),
    Field("steps", "sampling.steps", "whole"),
    Field("cfg_scale", "sampling.guidance_scale", "number"),
    Field("eta", "sampling.eta", "number"),
    Field("s_churn", "sampling.churn", "number"),
    Field("s_tmin", "sampling.churn_from", "number"),
    Field("s_tmax", "sampling.churn_to", "above zero"),
    Field("s_noise", "sampling.noise_scale", "number"),
)
VAE_OPTION = Field("sd_vae", "vae", "name")
OPTIONS = (
    Field("CLIP_stop_at_last_layers", "clip_skip", "layer"),
    VAE_OPTION,
    Field("randn_source", "noise.source", "source"),
    Field("eta_noise_seed_delta", "noise.seed_delta", "whole"),
    Field("emphasis", "wording.emphasis", "emphasis"),
    Field("comma_padding_backtrack", "wording.comma_backtrack", "whole"),
    Field("sgm_noise_multiplier", "sampling.sgm_noise", "claim"),
    Field("sigma_min", "sampling.sigma_min", "above zero"),
    Field("sigma_max", "sampling.sigma_max", "above zero"),
    Field("rho", "sampling.rho", "above zero"),
    Field("beta_dist_alpha", "sampling.beta_alpha", "number"),
    Field("beta_dist_beta", "sampling.beta_beta", "number"),
)
# What clients know more of than the request itself has a name for.
HIRES = (
    Field("hr_scale", "hires.scale", "number"),
    Field("hr_upscaler", "hires.upscaler", "name"),
    Field("hr_second_pass_steps", "hires.steps", "some"),
    Field("hr_resize_x", "hires.width", "some"),
    Field("hr_resize_y", "hires.height", "some"),
    Field("hr_checkpoint_name", "hires.checkpoint", "same"),
    Field("hr_sampler_name", "hires.sampler", "same"),
    Field("hr_scheduler", "hires.schedule", "same"),
    Field("hr_prompt", "hires.prompt", "text"),
    Field("hr_negative_prompt", "hires.negative_prompt", "text"),
    Field("hr_cfg", "hires.guidance_scale", "above zero"),
    Field("denoising_strength", "hires.strength", "number"),
)
NOTHING = {"name": ("",), "model": ("", "None"), "same": ("", "None")}  # stands for "not set"
SAME = "use same "
YES = (True, 1, "1", "true", "True")
CHECKPOINT = "override_settings.sd_model_checkpoint"
# GPU means CUDA there, whose numbers ours are on every device.
RANDOM = {theirs: "nv" if ours == "gpu" else ours for ours, theirs in NOISE_SOURCES.items()}
EMPHASIS = {theirs: ours for ours, theirs in EMPHASES.items()}
THEIR_NAME = {
    **{field.ours.removeprefix("sampling."): field.theirs for field in (*FIELDS, *HIRES)},
    **{field.ours: field.theirs for field in (*FIELDS, *HIRES)},
    **{field.ours: f"override_settings.{field.theirs}" for field in OPTIONS[2:]},
    "checkpoint": CHECKPOINT,
    "vae": "override_settings.sd_vae",
    "source.image": "init_images",
    "source.strength": "denoising_strength",
    "source.resize": "resize_mode",
    "source.noise_multiplier": "initial_noise_multiplier",
    "inpainting.mask": "mask",
    "inpainting.blur": "mask_blur",
    "inpainting.padding": "inpaint_full_res_padding",
    "inpainting.content": "inpainting_fill",
    "inpainting.conditioning_weight": "override_settings.inpainting_mask_weight",
}


class Chosen(NamedTuple):
    """What an owner has chosen by `options`."""

    checkpoint: str | None = None
    vae: str | None = None


def to_request(body: Mapping[str, Any], chosen: Chosen, base: Request | None = None) -> Request:
    """Our Request; what was chosen is used unless the body names another. `base`: what holds where nothing is set.

    Raises RequestError with their name.
    """
    refuse_scripts(body)
    override = body.get("override_settings")
    options = override if isinstance(override, dict) else {}
    before = base or Request()
    own = {
        "vae": before.vae or chosen.vae,
        "checkpoint": checkpoint_in(options) or before.checkpoint or chosen.checkpoint,
    }
    return before.changed(own | read_all(FIELDS, body) | read_all(OPTIONS, options))


def refuse_scripts(body: Mapping[str, Any]) -> None:
    """Raises RequestError for a script that is asked for by its name."""
    name = body.get("script_name")
    if name:
        remedy = "Send no script_name. Grids are made by POST /api/v1/jobs, with the field grid."
        raise RequestError("script_name", name, "Darkroom has no scripts", remedy)


def checkpoint_in(settings: Mapping[str, Any]) -> str | None:
    """The title in `sd_model_checkpoint`, which may carry a file's ending and a hash: "a.safetensors [0123456789]"."""
    title = settings.get("sd_model_checkpoint")
    if title is not None and not isinstance(title, str):
        raise RequestError(CHECKPOINT, title, "is no text", "Send a title from sd-models.")
    return (title or "").strip() or None


def styles_in(body: Mapping[str, Any]) -> list[str]:
    """The names in `styles`. Raises RequestError."""
    names = body.get("styles")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RequestError("styles", names, "is no list of names", "Send names of prompt-styles.")
    return names


def vae_in(settings: Mapping[str, Any]) -> str | None:
    """The name in `sd_vae`: of a file, or Automatic or None for the checkpoint's own."""
    return read_all((VAE_OPTION,), settings).get("vae")


def read_all(fields: Sequence[Field], body: Mapping[str, Any]) -> dict[str, Any]:
    """Our name → value of those that are set. Raises RequestError."""
    read = {field.ours: _read(field, body[field.theirs]) for field in fields if _has(field, body)}
    return {name: value for name, value in read.items() if value is not None}


def is_so(value: Any) -> bool:
    """Whether it means yes."""
    return isinstance(value, bool | int | str) and value in YES


def _has(field: Field, body: Mapping[str, Any]) -> bool:
    value = body.get(field.theirs)
    return value is not None and value not in NOTHING.get(field.kind, ())


def _read(field: Field, value: Any) -> Any:
    """None: not set."""
    if field.kind in ("text", "name", "model", "same"):
        return _text(field, value)
    if field.kind in ("claim", "tiling"):
        return "both" if field.kind == "tiling" and is_so(value) else is_so(value) or None
    if field.kind in ("source", "emphasis"):
        return _row(field, value, RANDOM if field.kind == "source" else EMPHASIS)
    number = number_in(field.theirs, value)
    if field.kind == "above zero":
        return number if number > 0 else None
    if field.kind == "number":
        return number
    # As there, the picture is as large as its latents: whole steps of 8 px.
    if field.kind == "size":
        return None if number == -1 else int(number) // 8 * 8
    if field.kind == "layer" and number < 1:  # there, 0 is the last layer as well
        return 1
    return None if field.kind == "some" and number <= 0 else int(number)


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise RequestError(field.theirs, value, "is no text", "Send a text.")
    return None if field.kind == "same" and value.casefold().startswith(SAME) else value


def _row(field: Field, value: Any, table: Mapping[str, str]) -> str:
    if not isinstance(value, str) or value not in table:
        known = ", ".join(table)
        raise RequestError(field.theirs, value, "is not known", f"Send one of: {known}.")
    return table[value]


def number_in(field: str, value: Any) -> float:
    """Numbers, also as text. Raises RequestError."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise RequestError(field, value, "is no finite number", "Send a number.")
    return number


def picture_in(field: str, value: Any) -> bytes:
    """A picture as base64, also behind `data:image/png;base64,`. Raises RequestError."""
    if not isinstance(value, str) or not value:
        raise RequestError(field, None, "there is no picture", "Send it as base64.")
    try:
        return base64.b64decode(value.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        raise RequestError(field, value, "is no base64", "Encode it.") from None
