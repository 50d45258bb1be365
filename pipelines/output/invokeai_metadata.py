"""InvokeAI's metadata of a picture, told as AUTOMATIC1111's `parameters` text. Safe on any JSON."""

from __future__ import annotations

import json
from typing import Any

from pipelines.output import infotext
from pipelines.output.foreign_names import (
    checkpoint_name,
    invoke_scheduler,
    lora_tag,
    number_of,
    words_of,
)

LORAS_MAX = 20
MODEL_PARTS = ("model", "lora", "control_model", "ip_adapter_model", "t2i_adapter_model")
WEIGHTED_MAX = 50  # prompts in one picture of version 2
# What Darkroom has no field for, or not out of a file: theirs → the key under which it is told.
BESIDE = {
    "controlnets": "ControlNets",
    "ipAdapters": "IP-Adapters",
    "t2iAdapters": "T2I-Adapters",
    "control_layers": "Control layers",
    "regions": "Regions",
    "hrf_enabled": "High resolution fix",
    "refiner_model": "Refiner of SDXL",
    "init_image": "Init image",
}


def to_parameters(text: str) -> str:
    """Of `invokeai_metadata` (version 3 and later) or `sd-metadata` (version 2); "" when nothing is said there."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    old = values.get("image")
    return _of_version_2(values, old) if isinstance(old, dict) else _of_version_3(values)


def _of_version_3(values: dict[str, Any]) -> str:
    named = _model_name(values.get("model"))
    positive, negative = (
        words_of(values.get(f"{kind}_prompt")) for kind in ("positive", "negative")
    )
    prompt = " ".join(filter(None, (positive, *_loras(values.get("loras")))))
    return _told(prompt, negative, values, words_of(values.get("scheduler")), named)


def _loras(rows: object) -> list[str]:
    """Each as it would stand in a prompt."""
    tags = []
    for row in rows[:LORAS_MAX] if isinstance(rows, list) else ():
        name = _model_name(row) if isinstance(row, dict) else ""
        if name:
            tags.append(lora_tag(name, row.get("weight", 1.0)))
    return tags


def _of_version_2(values: dict[str, Any], image: dict[str, Any]) -> str:
    prompts = image.get("prompt")
    if isinstance(prompts, list):
        rows = [row.get("prompt") for row in prompts[:WEIGHTED_MAX] if isinstance(row, dict)]
        prompts = ", ".join(filter(None, map(words_of, rows)))
    sampler = words_of(image.get("sampler")).removeprefix("k_")
    return _told(words_of(prompts), "", image, sampler, values.get("model_weights"))


def _told(
    positive: str, negative: str, values: dict[str, Any], scheduler: str, model: object
) -> str:
    sampler, schedule = invoke_scheduler(scheduler) if scheduler else (None, None)
    width, height = (values.get(name) for name in ("width", "height"))
    is_sized = isinstance(width, int) and isinstance(height, int)
    details = {
        "Steps": number_of(values.get("steps")),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": number_of(values.get("cfg_scale")),
        "Seed": number_of(values.get("seed")),
        "Size": f"{width}x{height}" if is_sized else None,
        "Model": checkpoint_name(words_of(model)) or None,
        "VAE": checkpoint_name(_model_name(values.get("vae"))) or None,
        **_beside(values),
    }
    if not positive and not any(value is not None for value in details.values()):
        return ""
    ending = {"RNG": "CPU", "Version": "InvokeAI"}
    return infotext.compose(positive, negative, {**details, **ending})


def _beside(values: dict[str, Any]) -> dict[str, Any]:
    skipped = number_of(values.get("clip_skip"))
    is_seamless = [values.get(f"seamless_{axis}") is True for axis in "xy"]
    return {
        "Clip skip": skipped + 1 if skipped else None,  # it counts the layers that are left out
        "Tiling": True if any(is_seamless) else None,
        "CFG Rescale": number_of(values.get("cfg_rescale_multiplier")) or None,
        "Denoising strength": number_of(values.get("strength")) if "init_image" in values else None,
        **{key: _named(values[name]) for name, key in BESIDE.items() if values.get(name)},
    }


def _named(value: object) -> str:
    """The names of the models in it, or what it is."""
    rows = value if isinstance(value, list) else [value]
    names = [_model_name(row) for row in rows[:LORAS_MAX]]
    return ", ".join(filter(None, names)) or words_of(value) or "yes"


def _model_name(row: object) -> str:
    """Of a model, or of what has one."""
    if not isinstance(row, dict):
        return words_of(row)
    inner = next((row[part] for part in MODEL_PARTS if isinstance(row.get(part), dict)), row)
    return words_of(inner.get("name") or inner.get("model_name"))
