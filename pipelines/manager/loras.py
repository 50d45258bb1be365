"""The LoRAs that a prompt names, found among the files under the models."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from pipelines.catalog.checkpoint import Other
from pipelines.errors import RequestError
from pipelines.prompting.networks import Network, split
from pipelines.request import Request
from pipelines.worker.messages import LoraRef

KIND, SHOWN_MAX = "lora", 8
SCALE_MAX = 100.0


def loras_of(request: Request, others: Iterable[Other]) -> tuple[LoraRef, ...]:
    """The files and scales, in the order of the prompt; tags of other kinds mean nothing here.

    Raises RequestError for a LoRA that is not there or cannot be used, and for a scale that is no number.
    """
    tags = [tag for tag in split(request.prompt)[1] if tag.kind == KIND]
    if not tags:
        return ()
    files = {one.name: one for one in others if one.kind == KIND}
    folded = {name.casefold(): one for name, one in files.items()}
    return tuple(_ref(tag, files, folded) for tag in tags)


def _ref(tag: Network, files: dict[str, Other], folded: dict[str, Other]) -> LoraRef:
    name = tag.arguments[0].strip() if tag.arguments else ""
    file = files.get(name) or folded.get(name.casefold())
    if file is None:
        known = sorted(files, key=str.casefold)
        more = f" and {len(known) - SHOWN_MAX} more" if len(known) > SHOWN_MAX else ""
        there = f"{', '.join(known[:SHOWN_MAX])}{more}" if known else "none"
        remedy = f"Take it out of the prompt, or put the file under models/. Those that are there: {there}."
        raise RequestError("prompt", str(tag), "there is no LoRA of this name", remedy)
    if file.problem:
        raise RequestError("prompt", str(tag), file.problem, "Take it out of the prompt.")
    text_scale = _scale(tag, "te", 1, 1.0)
    unet_scale = _scale(tag, "unet", 2, text_scale)
    try:
        version = version_of(file.path)
    except OSError as error:
        why = f"{file.path} cannot be read ({error.strerror})"
        raise RequestError("prompt", str(tag), why, "Take it out of the prompt.") from error
    return LoraRef(file.name, str(file.path), text_scale, unet_scale, version)


def version_of(path: Path) -> str:
    """Another one when the file has changed. Raises OSError."""
    found = path.stat()
    return f"{found.st_mtime_ns}-{found.st_size}"


def _scale(tag: Network, name: str, place: int, default: float) -> float:
    text = tag.named.get(name) or (tag.arguments[place] if len(tag.arguments) > place else "")
    try:
        scale = float(text) if text else default
    except ValueError:
        scale = math.nan
    if not abs(scale) <= SCALE_MAX:
        remedy = (
            f"Write a number between −{SCALE_MAX:g} and {SCALE_MAX:g}, such as <lora:name:0.8>."
        )
        raise RequestError("prompt", str(tag), f"its scale {text} cannot be used", remedy)
    return scale
