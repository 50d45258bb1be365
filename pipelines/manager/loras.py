"""The LoRAs that a prompt names, found among the files under the models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.catalog.checkpoint import Other
from pipelines.errors import RequestError
from pipelines.manager.prompts import prompts_of
from pipelines.prompting.networks import Network
from pipelines.prompting.reading import networks_of
from pipelines.request import Request
from pipelines.worker.messages import LoraRef

KIND, SHOWN_MAX = "lora", 8
SCALE_MAX = 100.0


class Loras:
    """Those that are there, by name; capitals and small letters are the same where they must be."""

    def __init__(self, others: Iterable[Other]) -> None:
        self._files = {one.name: one for one in others if one.kind == KIND}
        self._folded = {name.casefold(): one for name, one in self._files.items()}

    def ref(self, tag: Network, field: str = "prompt") -> LoraRef:
        """The file that a tag means. Raises RequestError."""
        name = tag.arguments[0].strip() if tag.arguments else ""
        file = self._files.get(name) or self._folded.get(name.casefold())
        if file is None:
            remedy = (
                "Take it out of the prompt, or put the file under models/. "
                f"Those that are there: {self._shown()}."
            )
            raise RequestError(field, str(tag), "there is no LoRA of this name", remedy)
        if file.problem:
            raise RequestError(field, str(tag), file.problem, "Take it out of the prompt.")
        text_scale = _scale(tag, field, "te", 1, 1.0)
        unet_scale = _scale(tag, field, "unet", 2, text_scale)
        try:
            version = version_of(file.path)
        except OSError as error:
            why = f"{file.path} cannot be read ({error.strerror})"
            raise RequestError(field, str(tag), why, "Take it out of the prompt.") from error
        return LoraRef(file.name, str(file.path), text_scale, unet_scale, version)

    def _shown(self) -> str:
        known = sorted(self._files, key=str.casefold)
        more = f" and {len(known) - SHOWN_MAX} more" if len(known) > SHOWN_MAX else ""
        return f"{', '.join(known[:SHOWN_MAX])}{more}" if known else "none"


def loras_of(request: Request, others: Iterable[Other]) -> tuple[LoraRef, ...]:
    """The files and scales, in the order of the prompt; tags of other kinds mean nothing here.

    Raises RequestError for a LoRA that is not there or cannot be used, for a scale that is no number, and for prompts
    of one picture that name different ones: its networks wear the same at all of its steps.
    """
    known = Loras(others)
    prompts = {
        one.field: networks_of(one.text) for one in prompts_of(request) if not one.is_negative
    }
    named = {
        field: tuple(known.ref(tag, field) for tag in tags if tag.kind == KIND)
        for field, tags in prompts.items()
    }
    own = named["prompt"]
    for field, refs in named.items():
        if set(refs) != set(own) and (refs or field != "hires.prompt"):
            _refuse(field, prompts, refs)
    return own


def _refuse(field: str, prompts: Mapping[str, Iterable[Network]], refs: Iterable[LoraRef]) -> None:
    tags = [str(tag) for tag in prompts["prompt"] if tag.kind == KIND]
    named = ", ".join(ref.name for ref in refs) or "none"
    why = f"it names other LoRAs ({named}) than the prompt, and those of a picture are the same at all of its steps"
    wanted = " ".join(tags)
    remedy = f"Write {wanted} there as well." if tags else "Take the LoRAs out of it."
    value = " ".join(str(tag) for tag in prompts[field] if tag.kind == KIND)
    raise RequestError(field, value, why, remedy)


def version_of(path: Path) -> str:
    """Another one when the file has changed. Raises OSError."""
    found = path.stat()
    return f"{found.st_mtime_ns}-{found.st_size}"


def _scale(tag: Network, field: str, name: str, place: int, default: float) -> float:
    text = tag.named.get(name) or (tag.arguments[place] if len(tag.arguments) > place else "")
    try:
        scale = float(text) if text else default
    except ValueError:
        scale = math.nan
    if not abs(scale) <= SCALE_MAX:
        remedy = (
            f"Write a number between −{SCALE_MAX:g} and {SCALE_MAX:g}, such as <lora:name:0.8>."
        )
        raise RequestError(field, str(tag), f"its scale {text} cannot be used", remedy)
    return scale
