"""InvokeAI's metadata of a picture, told as AUTOMATIC1111's `parameters` text. Safe on any JSON."""

from __future__ import annotations

import json
from typing import Any

from pipelines.output import infotext
from pipelines.output.foreign_names import checkpoint_name, invoke_scheduler, lora_tag

TEXT_CHARACTERS = 20_000
LORAS_MAX = 20
WEIGHTED_MAX = 50  # prompts in one picture of version 2


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
    model = values.get("model")
    named = (model.get("name") or model.get("model_name")) if isinstance(model, dict) else None
    positive, negative = (_text(values.get(f"{kind}_prompt")) for kind in ("positive", "negative"))
    prompt = " ".join(filter(None, (positive, *_loras(values.get("loras")))))
    return _told(prompt, negative, values, _text(values.get("scheduler")), named)


def _loras(rows: object) -> list[str]:
    """Each as it would stand in a prompt."""
    tags = []
    for row in rows[:LORAS_MAX] if isinstance(rows, list) else ():
        model = (row.get("model") or row.get("lora")) if isinstance(row, dict) else None
        name = (model.get("name") or model.get("model_name")) if isinstance(model, dict) else None
        if isinstance(name, str):
            tags.append(lora_tag(name, row.get("weight", 1.0)))
    return tags


def _of_version_2(values: dict[str, Any], image: dict[str, Any]) -> str:
    prompts = image.get("prompt")
    if isinstance(prompts, list):
        rows = [row.get("prompt") for row in prompts[:WEIGHTED_MAX] if isinstance(row, dict)]
        prompts = ", ".join(filter(None, map(_text, rows)))
    sampler = _text(image.get("sampler")).removeprefix("k_")
    return _told(_text(prompts), "", image, sampler, values.get("model_weights"))


def _told(
    positive: str, negative: str, values: dict[str, Any], scheduler: str, model: object
) -> str:
    sampler, schedule = invoke_scheduler(scheduler) if scheduler else (None, None)
    width, height = (values.get(name) for name in ("width", "height"))
    is_sized = isinstance(width, int) and isinstance(height, int)
    details = {
        "Steps": _number(values.get("steps")),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": _number(values.get("cfg_scale")),
        "Seed": _number(values.get("seed")),
        "Size": f"{width}x{height}" if is_sized else None,
        "Model": checkpoint_name(_text(model)) or None,
    }
    if not positive and not any(value is not None for value in details.values()):
        return ""
    return infotext.compose(positive, negative, {**details, "Version": "InvokeAI"})


def _text(value: object) -> str:
    return value[:TEXT_CHARACTERS].strip() if isinstance(value, str) else ""


def _number(value: object) -> int | float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]
