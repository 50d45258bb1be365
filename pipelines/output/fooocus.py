"""Fooocus' metadata of a picture, JSON in place of `parameters`, told as that text. Safe on any JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from pipelines.output import infotext
from pipelines.output.foreign_names import (
    checkpoint_name,
    lora_tag,
    number_of,
    sampler_name,
    schedule_name,
    words_of,
)

MARKS = ("base_model", "prompt")  # what every one of them has
LORAS_MAX = 20
NONE = ("none", "default (model)", "")  # in place of a model
RESOLUTION = re.compile(r"\(?\s*(\d{1,5})\s*[,x×]\s*(\d{1,5})\s*\)?")
STEPS = {"quality": 60, "speed": 30, "extreme speed": 8, "lightning": 4, "hyper-sd": 4}
# What Darkroom has no field for: theirs → the key under which it is told.
BESIDE = {
    "styles": "Styles",
    "performance": "Performance",
    "prompt_expansion": "Prompt expansion",
    "sharpness": "Sharpness",
    "adm_guidance": "ADM Guidance",
    "adaptive_cfg": "Adaptive CFG",
    "freeu": "FreeU",
    "inpaint_method": "Inpaint method",
    "inpaint_engine_version": "Inpaint engine",
}


def to_parameters(text: str) -> str:
    """The `parameters` text; "" when it is none of Fooocus'."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict) or not all(mark in values for mark in MARKS):
        return ""
    version = words_of(values.get("version")) or "Fooocus"
    prompt = " ".join(filter(None, (words_of(values["prompt"]), *_loras(values))))
    return infotext.compose(
        prompt, words_of(values.get("negative_prompt")), {**_details(values), "Version": version}
    )


def _details(values: dict[str, Any]) -> dict[str, Any]:
    size = RESOLUTION.fullmatch(str(values.get("resolution"))[:40])
    refiner = _model(values.get("refiner_model"))
    steps = number_of(values.get("steps")) or STEPS.get(str(values.get("performance")).casefold())
    told = {
        "Steps": steps,
        "Sampler": sampler_name(words_of(values.get("sampler"))) or None,
        "Schedule type": schedule_name(words_of(values.get("scheduler"))) or None,
        "CFG scale": number_of(values.get("guidance_scale")),
        "Seed": number_of(values.get("seed")),
        "Size": f"{size[1]}x{size[2]}" if size else None,
        "Model hash": words_of(values.get("base_model_hash")) or None,
        "Model": _model(values.get("base_model")),
        "VAE": _model(values.get("vae")),
        "Clip skip": number_of(values.get("clip_skip")),
        "RNG": "CPU",
        "Refiner": refiner,
        "Refiner switch at": number_of(values.get("refiner_switch")) if refiner else None,
    }
    beside = {key: words_of(values.get(name)) or None for name, key in BESIDE.items()}
    return told | beside


def _model(value: object) -> str | None:
    name = words_of(value)
    return None if name.casefold() in NONE else checkpoint_name(name)


def _loras(values: dict[str, Any]) -> list[str]:
    """Each as it would stand in a prompt: of a list of [name, weight, hash], or of rows "name : weight"."""
    rows = values.get("loras")
    found = (
        [row for row in rows if isinstance(row, list) and len(row) > 1]
        if isinstance(rows, list)
        else []
    )
    if not found:
        told = (words_of(value) for key, value in values.items() if key.startswith("lora_combined"))
        found = [[part.strip() for part in row.rpartition(":")[::2]] for row in told]
    return [
        lora_tag(row[0], weight)
        for row in found[:LORAS_MAX]
        if row[0] and (weight := number_of(row[1])) is not None
    ]
