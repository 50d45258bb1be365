"""NovelAI's metadata of a picture, the chunk `Comment`, told as AUTOMATIC1111's `parameters` text. Safe on any JSON."""

from __future__ import annotations

import json
from typing import Any

from pipelines.output import infotext
from pipelines.output.foreign_names import number_of, sampler_name, schedule_name, words_of

MARKS = ("sampler", "steps", "scale")  # what every one of them has
# Every brace weighs so much; in our prompts that is written behind a colon.
BRACES = str.maketrans({"{": "(", "}": ":1.05)", "[": "(", "]": ":0.952)", "(": "\\(", ")": "\\)"})
PAIRS = (("{", "}"), ("[", "]"))
# What its samplers always do; AUTOMATIC1111 reads its pictures so as well.
ALWAYS = {"Clip skip": 2, "ENSD": 31337}
# What Darkroom has no field for: theirs → the key under which it is told.
BESIDE = {"sm": "SMEA", "sm_dyn": "SMEA dyn", "dynamic_thresholding": "Decrisper"}


def to_parameters(text: str) -> str:
    """The `parameters` text; "" when it is none of NovelAI's."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict) or not all(mark in values for mark in MARKS):
        return ""
    prompt, negative = words_of(values.get("prompt")), words_of(values.get("uc"))
    return infotext.compose(_weighted(prompt), _weighted(negative), _details(values))


def _details(values: dict[str, Any]) -> dict[str, Any]:
    width, height = (number_of(values.get(side)) for side in ("width", "height"))
    schedule = words_of(values.get("noise_schedule"))
    return {
        "Steps": number_of(values["steps"]),
        "Sampler": sampler_name(words_of(values["sampler"]).removeprefix("k_")),
        "Schedule type": None if schedule == "native" else schedule_name(schedule) or None,
        "CFG scale": number_of(values["scale"]),
        "Seed": number_of(values.get("seed")),
        "Size": f"{width}x{height}" if width and height else None,
        "Denoising strength": number_of(values.get("strength")) if "image" in values else None,
        **ALWAYS,
        "CFG Rescale": number_of(values.get("cfg_rescale")) or None,
        **{key: True for name, key in BESIDE.items() if values.get(name) is True},
        "Version": "NovelAI",
    }


def _weighted(prompt: str) -> str:
    """Its braces as weights; as it is where they do not pair."""
    is_paired = all(prompt.count(left) == prompt.count(right) for left, right in PAIRS)
    return prompt.translate(BRACES) if is_paired else prompt
