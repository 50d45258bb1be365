"""AUTOMATIC1111's dialect: our errors, jobs and pictures as its clients read them. Pure, no HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from api.a1111_fields import FIELDS, THEIR_NAME
from pipelines import VERSION, Job, Request, StudioError, read_infotext

LEFT_OUT = ("init_images", "mask")  # of the answer's echo, as there: they are large
# What stands in `info` under names of its own, so that it is nothing extra.
NOT_EXTRA = frozenset(
    (
        *("Prompt", "Negative prompt", "Steps", "Sampler", "CFG scale", "Seed", "Size-1", "Size-2"),
        *("Model", "Model hash", "VAE", "VAE hash", "Variation seed", "Variation seed strength"),
        *("Seed resize from-1", "Seed resize from-2", "Denoising strength", "Clip skip"),
        *("Version", "Hashes", "Darkroom"),
    )
)


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
    """One finished picture: what was asked for it alone, its file and its text."""

    request: Request
    data: bytes
    infotext: str


def info(job: Job, made: Sequence[Made], hashes: tuple[str, str] = ("", "")) -> str:
    """The answer's `info`, a JSON text. `hashes`: AutoV2 of checkpoint and VAE, or "" while they are unknown."""
    requests = [one.request for one in made]
    first, noise = requests[0] if requests else job.request, job.request.noise
    model_hash, vae_hash = hashes
    part = first.source or first.hires
    said = read_infotext(made[0].infotext) if made else {}
    values = {
        "prompt": first.prompt,
        "all_prompts": [one.prompt for one in requests],
        "negative_prompt": first.negative_prompt,
        "all_negative_prompts": [one.negative_prompt for one in requests],
        "seed": first.seed,
        "all_seeds": [one.seed for one in requests],
        "subseed": first.noise.variation_seed,
        "all_subseeds": [one.noise.variation_seed for one in requests],
        "subseed_strength": noise.variation_strength,
        "width": first.width,
        "height": first.height,
        "sampler_name": first.sampling.sampler,
        "cfg_scale": first.sampling.guidance_scale,
        "steps": first.sampling.steps,
        "batch_size": job.request.batch_size,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": first.checkpoint,
        "sd_model_hash": model_hash,
        "sd_vae_name": first.vae,
        "sd_vae_hash": vae_hash or None,
        "seed_resize_from_w": noise.from_width or -1,
        "seed_resize_from_h": noise.from_height or -1,
        "denoising_strength": part.strength if part else None,
        "extra_generation_params": {k: v for k, v in said.items() if k not in NOT_EXTRA},
        "index_of_first_image": 0,
        "infotexts": [one.infotext for one in made],
        "styles": [],
        "job_timestamp": time.strftime("%Y%m%d%H%M%S", time.localtime(job.created)),
        "clip_skip": first.clip_skip or 1,
        "is_using_inpainting_conditioning": False,
        "version": f"Darkroom {VERSION}",
    }
    return json.dumps(values, ensure_ascii=False)


def echo(body: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """The answer's `parameters`: what was sent, with what was decided for the fields that were left open."""
    values = {field.theirs: reduce(getattr, field.ours.split("."), job.request) for field in FIELDS}
    sent = {name: value for name, value in body.items() if name not in LEFT_OUT}
    return {**sent, **values, "tiling": job.request.seamless is not None}


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
