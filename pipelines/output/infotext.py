"""AUTOMATIC1111's `parameters` text, written and read; pure, and safe on any text.

Prompt, then `Negative prompt: …`, then one line `Steps: 20, Sampler: …`. Steps come first in that line, because
sites that read such pictures look for a line that starts with it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipelines.asking.noise import SEED_MAX
from pipelines.asking.sampling import Sampling
from pipelines.guiding.guides import Control, ImagePrompt
from pipelines.request import Request
from pipelines.samplers import find_sampler, find_schedule

NEGATIVE = "Negative prompt:"
# The repetition is bounded so that a hostile line costs linear time; the widest key in use has 33 characters.
PAIR = re.compile(r'(\w[\w \-/]{1,60}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
# Our names → those of the ControlNet extension.
MODULES = {
    "line": "lineart_standard (from white bg & black line)",
    "invert": "invert (from white bg & black line)",
    "scribble": "scribble_xdog",
}
IP_ADAPTER_MODULE = "ip-adapter-auto"
RESIZE_MODES = {
    "crop": "Crop and Resize",
    "fit": "Resize and Fill",
    "stretch": "Just Resize",
}
# Our names of what the masked part holds, and of how much is seen → AUTOMATIC1111's.
MASKED_CONTENTS = {"noise": "latent noise", "nothing": "latent nothing"}
INPAINT_AREAS = {"masked": "Only masked", "picture": "Whole picture", "whole": "Whole picture"}
PAIRS_AT_LEAST = 3  # fewer, and the last line is prompt
NO_MARKS: Mapping[str, str] = MappingProxyType({})
HASH = re.compile(r" \[[0-9a-f]{8,64}\]$")  # after a name, in AUTOMATIC1111's titles
SIZE = re.compile(r"(\d{1,9})x(\d{1,9})")


def write(request: Request, marks: Mapping[str, str] = NO_MARKS, version: str = "") -> str:
    """The text for one picture of a resolved Request; `marks`: hashes of its files by key, as far as they are known."""
    values = {
        "Steps": request.sampling.steps,
        "Sampler": request.sampling.sampler,
        "Schedule type": request.sampling.schedule,
        "CFG scale": request.sampling.guidance_scale,
        "Seed": request.seed,
        "Size": f"{request.width}x{request.height}",
        "Model hash": marks.get("Model hash"),
        "Model": request.checkpoint,
        "VAE hash": marks.get("VAE hash"),
        "VAE": marks.get("VAE", request.vae),
        **_source(request),
        "Tile": request.tile,
        "Clip skip": request.clip_skip if (request.clip_skip or 1) > 1 else None,
        "Refiner": marks.get("Refiner", request.refiner),
        "Refiner switch at": request.refiner_switch_at if request.refiner else None,
        **_guides(request),
        "RNG": "NV",  # Philox, the same numbers as on a CUDA device
        "Lora hashes": marks.get("Lora hashes"),
        "TI hashes": marks.get("TI hashes"),
        "Version": f"Darkroom {version}".strip(),
    }
    return compose(request.prompt, request.negative_prompt, values)


def compose(prompt: str, negative_prompt: str, values: Mapping[str, Any]) -> str:
    """The text of these; a value that is None is left out."""
    details = ", ".join(
        f"{key}: {quote(value)}" for key, value in values.items() if value is not None
    )
    negative = f"\n{NEGATIVE} {negative_prompt}" if negative_prompt else ""
    return f"{prompt}{negative}\n{details}".strip()


def _source(request: Request) -> dict[str, Any]:
    """What it started from, and where that was changed; the hashes are ours, of the pixels."""
    source, inpainting = request.source, request.inpainting
    if source is None:
        return {}
    values: dict[str, Any] = {
        "Denoising strength": source.strength,
        "Noise multiplier": source.noise_multiplier if source.noise_multiplier != 1 else None,
        "Init image hash": source.image,
    }
    if inpainting is None:
        return values
    is_cut = inpainting.area == "masked"
    weight = inpainting.conditioning_weight
    return values | {
        "Conditional mask weight": weight if weight != 1 else None,
        "Mask blur": inpainting.blur,
        "Mask mode": "Inpaint not masked" if inpainting.is_inverted else None,
        "Masked content": MASKED_CONTENTS.get(inpainting.content, inpainting.content),
        "Inpaint area": INPAINT_AREAS[inpainting.area],
        "Masked area padding": inpainting.padding if is_cut else None,
        "Soft inpainting enabled": True if inpainting.is_soft else None,
        "Mask hash": inpainting.mask or None,
    }


def _guides(request: Request) -> dict[str, str]:
    """Each as the ControlNet extension for AUTOMATIC1111 writes it: `ControlNet 0: "Module: …, Model: …"`.

    There an IP-Adapter is a ControlNet with a module of its own.
    """
    units = [
        _unit(one, MODULES.get(one.preprocessor, one.preprocessor), RESIZE_MODES.get(one.resize))
        for one in request.controls
    ]
    units += [_unit(one, IP_ADAPTER_MODULE) for one in request.image_prompts]
    return {f"ControlNet {number}": unit for number, unit in enumerate(units)}


def _unit(guide: Control | ImagePrompt, module: str, resize_mode: str | None = None) -> str:
    facts = {
        "Module": module,
        "Model": guide.model,
        "Weight": guide.weight,
        "Resize Mode": resize_mode or RESIZE_MODES["crop"],
        "Guidance Start": guide.start,
        "Guidance End": guide.end,
        "Control Mode": "Balanced",
    }
    return ", ".join(f"{key}: {value}" for key, value in facts.items())


def quote(value: Any) -> str:
    """A value as it stands in the details line: a JSON string iff it holds a comma, a colon or a newline."""
    text = repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ",:\n") else text


def read(text: str) -> dict[str, str]:
    """All pairs, with `Prompt` and `Negative prompt`; `Size: 512x768` becomes `Size-1` and `Size-2`."""
    *lines, details = text.strip().split("\n")
    pairs = PAIR.findall(details)
    if len(pairs) < PAIRS_AT_LEAST:
        lines, pairs = [*lines, details], []
    values: dict[str, str] = {}
    for key, value in pairs:
        size = SIZE.fullmatch(value)
        if size:
            values[f"{key}-1"], values[f"{key}-2"] = size.groups()
        else:
            values[key] = _unquote(value)
    prompt: list[str] = []
    negative: list[str] = []
    block = prompt
    for line in (line.strip() for line in lines):
        if line.startswith(NEGATIVE):
            block = negative
            line = line.removeprefix(NEGATIVE).strip()
        block.append(line)
    return {**values, "Prompt": "\n".join(prompt), "Negative prompt": "\n".join(negative)}


def to_request(text: str) -> Request | None:
    """The settings that the text names, the others open; None when it holds no settings at all."""
    values = read(text)
    if "Steps" not in values:
        return None
    sampler, schedule = find_sampler(values.get("Sampler", "")) or (None, None)
    seed = _whole(values.get("Seed"))
    return Request(
        prompt=values["Prompt"],
        negative_prompt=values["Negative prompt"],
        checkpoint=values.get("Model"),
        width=_whole(values.get("Size-1")),
        height=_whole(values.get("Size-2")),
        sampling=Sampling(
            sampler=sampler,
            schedule=find_schedule(values.get("Schedule type", "")) or schedule,
            steps=_whole(values.get("Steps")),
            guidance_scale=_number(values.get("CFG scale")),
        ),
        vae=values.get("VAE"),
        clip_skip=_whole(values.get("Clip skip", "1")),
        refiner=HASH.sub("", values.get("Refiner", "")) or None,
        refiner_switch_at=_number(values.get("Refiner switch at")),
        seed=seed if seed is not None and 0 <= seed <= SEED_MAX else -1,
    )


def _unquote(value: str) -> str:
    if not (len(value) > 1 and value[0] == value[-1] == '"'):
        return value
    try:
        text = str(json.loads(value))
    except ValueError:
        return value
    return text.encode("utf-8", "replace").decode()  # \ud800 alone is no character


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "nan")[:32])
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(text: str | None) -> int | None:
    number = _number(text)
    return int(number) if number is not None and number.is_integer() else None
