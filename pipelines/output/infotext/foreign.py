"""How other programs, and older versions of them, mean what they write into `parameters`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from pipelines.output.infotext.values import Said, Unusable, sides

OURS, A1111, FORGE, SD_NEXT = "Darkroom", "AUTOMATIC1111", "Forge", "SD.Next"
PROGRAM_CHARACTERS = 40
LORAS_MAX = 20
VERSION = re.compile(r"v(\d{1,4})\.(\d{1,4})\.(\d{1,4})")
FORGE_VERSION = re.compile(r"f\d|neo")
EDITED = re.compile(r"\[[^\[\]]*:\s*[\d.]+\s*\]")  # prompt editing: [from:to:when]
OLD_FIRST_PASS_PIXELS, OLD_FIRST_PASS_MULTIPLE = 512 * 512, 64
# What says nothing of how a picture looks, or says it again.
SILENT = frozenset(
    (
        *("version", "user", "app", "backend", "pipeline", "operations", "hashes", "time", "date"),
        *("civitai resources", "civitai metadata", "created date", "index", "batch", "batch size"),
        *("batch pos", "lora weights", "hires module 1", "init image size", "performance"),
    )
)
# The beginnings of other keys → why Darkroom cannot do what they say; the first that fits.
WHY_NOT = {
    "controlnet": "The picture that guided it is not in the file.",
    "ip-adapter": "The picture that guided it is not in the file.",
    "adetailer": "Details were redrawn by an extension; Darkroom has none.",
    "face restoration": "Darkroom does not restore faces.",
    "token merging": "Darkroom computes every token: details may differ.",
    "ngms": "Darkroom does not leave the negative prompt out of late steps.",
    "skip early cfg": "Darkroom does not leave the guidance out of early steps.",
    "pad conds": "Darkroom fills short prompts in its own way: details may differ.",
    "downcast alphas": "Darkroom does not round the noise levels: details may differ.",
    "noise schedule": "Darkroom knows the noise levels from the checkpoint.",
    "distilled cfg": "It is a setting of Flux models, which Darkroom does not run.",
    "module": "Darkroom takes the text encoders out of the checkpoint.",
    "diffusion in low bits": "Darkroom computes in 16 or 32 bits: details may differ.",
    "hypernet": "Darkroom has no hypernetworks.",
    "parser": "Darkroom reads prompts as AUTOMATIC1111 does.",
    "script": "It was made by a script, which Darkroom does not have.",
    "x/y/z": "It was one of a grid; its own settings are those of the text.",
    "old prompt editing": "Darkroom lets prompt editing go on in the second pass.",
    "nodes": "ComfyUI's graph had these nodes, of which only the first sampler is taken over.",
    "styles": "The words of these styles are not in the prompt; add them by hand.",
    "image cfg": "Darkroom has no models that edit by instruction.",
}
NO_SUCH_SETTING = "Darkroom has no such setting."
EDITING_AGAIN = "Before 1.6.0 prompt editing began anew in the second pass; here it goes on there."
PADDED = "Before 1.6.0 DDIM and PLMS filled short prompts in another way: details may differ."
ROUNDED = "Before 1.7.0 the noise levels were rounded: details may differ."
BY_STEPS = (
    "Before 1.8.0 the refiner came by the share of the steps; here, by the training's timesteps."
)


def program_of(values: Mapping[str, str]) -> str:
    """Who has written these pairs; "" when they do not say it."""
    version, app = values.get("Version", ""), values.get("App", "")
    if app == SD_NEXT or values.get("Backend", "").casefold() in ("diffusers", "original"):
        return SD_NEXT
    if FORGE_VERSION.match(version):
        return FORGE
    if VERSION.match(version):
        return A1111
    return (app or version.partition(" ")[0])[:PROGRAM_CHARACTERS]


def amended(values: Mapping[str, str]) -> Mapping[str, str]:
    """The pairs as today's AUTOMATIC1111 would have written them."""
    found = dict(values)
    if program_of(values) == FORGE and "VAE" not in values and "Module 2" not in values:
        found |= {"VAE": found.pop("Module 1")} if "Module 1" in values else {}
    if "First pass size-1" in values:
        found |= _enlarged(found)
    return found


def _enlarged(found: dict[str, str]) -> dict[str, str]:
    """In 2022 `Size` was the size after the second pass, and 0x0 before it meant about 512 × 512."""
    first = found.pop("First pass size-1"), found.pop("First pass size-2")
    try:
        width, height = sides("x".join(first))
        target = sides(f"{found.get('Size-1')}x{found.get('Size-2')}")
    except Unusable:
        return {}
    if not (width and height) and min(target) > 0:
        scale = math.sqrt(OLD_FIRST_PASS_PIXELS / (target[0] * target[1]))
        width, height = (
            math.ceil(scale * side / OLD_FIRST_PASS_MULTIPLE) * OLD_FIRST_PASS_MULTIPLE
            for side in target
        )
    now = {"Size-1": str(width), "Size-2": str(height)}
    return now | {"Hires resize-1": str(target[0]), "Hires resize-2": str(target[1])}


def notes(program: str, said: Said) -> Iterator[tuple[str, str, str]]:
    """(key, value, why) of what an older version of AUTOMATIC1111 did in another way."""
    text = said.get("Version") or ""
    found = VERSION.search(text) if program in (A1111, FORGE) else None
    version = tuple(map(int, found.groups())) if found else (1, 0, 0)
    if (program and not found) or version >= (1, 8, 0):
        return
    shown = text or "unknown"
    has_hires = said.get("Hires upscale", "Hires resize") is not None
    if version < (1, 6, 0) and has_hires and EDITED.search(said.get("Prompt") or ""):
        yield "Version", shown, EDITING_AGAIN
    if version < (1, 6, 0) and (said.get("Sampler") or "") in ("DDIM", "PLMS"):
        yield "Version", shown, PADDED
    if found and version < (1, 7, 0):
        yield "Version", shown, ROUNDED
    if said.get("Refiner") is not None:
        yield "Version", shown, BY_STEPS


def with_loras(prompt: str, weights: str | None) -> str:
    """The prompt with tags for LoRAs that stand beside it, as "ink: 0.8, fog: 1", and not in it."""
    for one in (weights or "").split(",")[:LORAS_MAX]:
        name, _, weight = (part.strip() for part in one.rpartition(":"))
        if name and f"<lora:{name}:" not in prompt:
            prompt = f"{prompt} <lora:{name}:{weight}>".strip()
    return prompt


def is_silent(key: str, program: str) -> bool:
    """Whether nobody misses it: of our own texts all is read out of the other keys."""
    return program == OURS or key.casefold() in SILENT


def why_not(key: str) -> str:
    """As a sentence."""
    folded = key.casefold()
    found = (why for start, why in WHY_NOT.items() if folded.startswith(start))
    return next(found, NO_SUCH_SETTING)
