"""AUTOMATIC1111's dialect: its request into ours, our errors and pictures into its answers. Pure, no HTTP.

Clients of that API send null for "not set", floats for whole numbers, numbers as text, -1 for "your own size", and
fields of extensions that we do not know; all that is taken as it is meant. A field that is left out takes the
checkpoint's own default, where AUTOMATIC1111 itself would take 512 × 512, 50 steps and Euler.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipelines import VERSION, Job, Request, RequestError, Sampling, StudioError


class Field(NamedTuple):
    """One field of theirs: its name, ours, and how its value is read."""

    theirs: str
    ours: str
    kind: str


FIELDS = (
    Field("prompt", "prompt", "text"),
    Field("negative_prompt", "negative_prompt", "text"),
    Field("width", "width", "size"),
    Field("height", "height", "size"),
    Field("seed", "seed", "whole"),
    Field("batch_size", "batch_size", "whole"),
    Field("n_iter", "batch_count", "whole"),
    Field("clip_skip", "clip_skip", "layer"),  # the option of the request, below, wins
    Field("refiner_checkpoint", "refiner", "model"),
    Field("refiner_switch_at", "refiner_switch_at", "number"),
)
SAMPLING_FIELDS = (
    Field("sampler_index", "sampler", "name"),  # the older name; the next row wins
    Field("sampler_name", "sampler", "name"),
    Field("scheduler", "schedule", "name"),
    Field("steps", "steps", "whole"),
    Field("cfg_scale", "guidance_scale", "number"),
)
LEFT_OUT = ("init_images", "mask")  # of the answer's echo, as there: they are large
NOTHING = {"name": ("",), "model": ("", "None")}  # what stands for "not set"
VAE_OPTION = Field("sd_vae", "vae", "name")
OPTIONS = (Field("CLIP_stop_at_last_layers", "clip_skip", "layer"), VAE_OPTION)
CHECKPOINT = "override_settings.sd_model_checkpoint"
THEIR_NAME = {
    **{field.ours: field.theirs for field in (*FIELDS, *SAMPLING_FIELDS)},
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


def to_request(body: Mapping[str, Any], chosen: Chosen) -> Request:
    """Our Request; what was chosen is used unless the body names another. Raises RequestError with their name."""
    override = body.get("override_settings")
    options = override if isinstance(override, dict) else {}
    own = {"vae": chosen.vae, "checkpoint": checkpoint_in(options) or chosen.checkpoint}
    fields = own | _read_all(FIELDS, body) | _read_all(OPTIONS, options)
    sampling = Sampling(**_read_all(SAMPLING_FIELDS, body))
    return Request(**fields, sampling=sampling)


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
    return _read_all((VAE_OPTION,), settings).get("vae")


def _read_all(fields: Sequence[Field], body: Mapping[str, Any]) -> dict[str, Any]:
    read = {field.ours: _read(field, body[field.theirs]) for field in fields if _has(field, body)}
    return {name: value for name, value in read.items() if value is not None}


def _has(field: Field, body: Mapping[str, Any]) -> bool:
    value = body.get(field.theirs)
    return value is not None and value not in NOTHING.get(field.kind, ())


def _read(field: Field, value: Any) -> Any:
    if field.kind in ("text", "name", "model"):
        if not isinstance(value, str):
            raise RequestError(field.theirs, value, "is no text", "Send a text.")
        return value
    number = number_in(field.theirs, value)
    if field.kind == "number":
        return number
    if (
        field.kind == "size"
    ):  # as there, the picture is as large as its latents: whole steps of 8 px
        return None if number == -1 else int(number) // 8 * 8
    if field.kind == "layer" and number < 1:  # there, 0 is the last layer as well
        return 1
    return int(number)


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


def error_body(error: StudioError) -> dict[str, Any]:
    """The error in the form that clients of that API read, with the name of their field in it."""
    said = error.as_dict()
    ours = said.get("field", "")
    theirs = THEIR_NAME.get(ours, ours)
    message = error.message.replace(ours, theirs, 1) if ours else error.message
    told = f"{message}. {error.remedy}".replace("..", ".").strip()
    more = {"field": theirs, "value": said["value"]} if ours else {}
    form = {"error": error.code, "detail": told, "body": "", "errors": told}
    return {**form, "remedy": error.remedy, **more}


class Made(NamedTuple):
    """One finished picture: its file and its text."""

    seed: int
    data: bytes
    infotext: str


def info(job: Job, made: Sequence[Made], model_hash: str = "", vae_hash: str = "") -> str:
    """The answer's `info`, a JSON text. The hashes are AutoV2, or "" while they are unknown."""
    request, seeds = job.request, [one.seed for one in made]
    values = {
        "prompt": request.prompt,
        "all_prompts": [request.prompt] * len(made),
        "negative_prompt": request.negative_prompt,
        "all_negative_prompts": [request.negative_prompt] * len(made),
        "seed": seeds[0] if seeds else request.seed,
        "all_seeds": seeds,
        "subseed": -1,
        "all_subseeds": [-1] * len(made),
        "subseed_strength": 0,
        "width": request.width,
        "height": request.height,
        "sampler_name": request.sampling.sampler,
        "cfg_scale": request.sampling.guidance_scale,
        "steps": request.sampling.steps,
        "batch_size": request.batch_size,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": request.checkpoint,
        "sd_model_hash": model_hash,
        "sd_vae_name": request.vae,
        "sd_vae_hash": vae_hash or None,
        "seed_resize_from_w": -1,
        "seed_resize_from_h": -1,
        "denoising_strength": request.source.strength if request.source else None,
        "extra_generation_params": {"Schedule type": request.sampling.schedule, "RNG": "NV"},
        "index_of_first_image": 0,
        "infotexts": [one.infotext for one in made],
        "styles": [],
        "job_timestamp": time.strftime("%Y%m%d%H%M%S", time.localtime(job.created)),
        "clip_skip": request.clip_skip or 1,
        "is_using_inpainting_conditioning": False,
        "version": f"Darkroom {VERSION}",
    }
    return json.dumps(values, ensure_ascii=False)


def echo(body: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """The answer's `parameters`: what was sent, with what was decided for the fields that were left open."""
    request = job.request
    values = {field.theirs: getattr(request, field.ours) for field in FIELDS}
    sampling = {f.theirs: getattr(request.sampling, f.ours) for f in SAMPLING_FIELDS[1:]}
    sent = {name: value for name, value in body.items() if name not in LEFT_OUT}
    return {**sent, **values, **sampling}


def progress_of(job: Job | None, image: str | None) -> dict[str, Any]:
    """The answer of `progress`; without a job, that of an idle server. `image` is base64."""
    pictures = job.pictures if job else ()
    steps = max((picture.steps for picture in pictures), default=0)
    done = [1.0 if p.picture_id else p.step / p.steps if p.steps else 0.0 for p in pictures]
    created = time.localtime(job.created) if job else time.localtime(0)
    state = {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": job.id if job else "",
        "job_count": job.request.batch_count if job else 0,
        "job_timestamp": time.strftime("%Y%m%d%H%M%S", created) if job else "0",
        "job_no": sum(1 for one in done if one == 1.0) // max(1, job.request.batch_size)
        if job
        else 0,
        "sampling_step": max((p.step for p in pictures if not p.picture_id), default=0),
        "sampling_steps": steps,
    }
    return {
        "progress": sum(done) / len(done) if done else 0.0,
        "eta_relative": (job.eta_seconds or 0.0) if job else 0.0,
        "state": state,
        "current_image": image,
        "textinfo": job.stage if job else None,
        "current_task": job.id if job else None,
    }
