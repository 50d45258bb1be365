"""A Request to `parameters`, with all that decides a picture in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipelines.output.infotext.foreign import OURS
from pipelines.output.infotext.grammar import HASHES, compose, read
from pipelines.output.infotext.reading import OWN_KEY, told_by
from pipelines.output.infotext.rows import told
from pipelines.output.infotext.values import Said
from pipelines.request import Request

# Prompts beside the two that every picture has.
LONG = ("Wildcard prompt", "Wildcard negative prompt", "Hires prompt", "Hires negative prompt")
NO_MARKS: Mapping[str, Any] = MappingProxyType({})
# Of the job or of the file, and nothing of what is seen.
LEFT_OUT = ("kind", "format", "batch_size", "batch_count", "draft_fraction", "grid")


def write(request: Request, marks: Mapping[str, Any] = NO_MARKS, version: str = "") -> str:
    """The text for one picture of a resolved Request. `marks`: of its files, as far as they are known, by key."""
    values = dict(told(request))
    ending = {"Version": f"{OURS} {version}".strip()}
    beside = _beside(request, compose(request.prompt, request.negative_prompt, values | ending))
    values |= {key: mark for key, mark in marks.items() if key in values}
    own = {OWN_KEY: json.dumps(beside, ensure_ascii=False, sort_keys=True)} if beside else {}
    hashes = {HASHES: marks.get(HASHES) or None}
    return compose(request.prompt, request.negative_prompt, values | own | ending | hashes)


def brief(text: str) -> str:
    """Without what may be long beside the two prompts, for files that have little room."""
    said = Said(read(text))
    prompt, negative = (said.take(key) or ("", "") for key in ("Prompt", "Negative prompt"))
    for key in (OWN_KEY, *LONG):
        said.take(key)
    values: dict[str, Any] = dict(said.rest)
    if HASHES in values:
        values[HASHES] = json.loads(values[HASHES])
    return compose(prompt[1], negative[1], values)


def _beside(request: Request, text: str) -> dict[str, Any]:
    """What is not read out of the text as it was, by field."""
    back = _leaves(told_by(read(text)).request or Request())
    return {
        name: value
        for name, value in _leaves(request).items()
        if value is not None
        and name.partition(".")[0] not in LEFT_OUT
        and _plain(value) != _plain(back.get(name))
    }


def _leaves(request: Request) -> dict[str, Any]:
    """Every value by its name as in errors: "sampling.steps"; lists stay whole."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = list(request.as_dict().items())
    for name, value in waiting:  # grows while it is walked
        if isinstance(value, Mapping):
            waiting += [(f"{name}.{inner}", one) for inner, one in value.items()]
        else:
            found[name] = value
    return found


def _plain(value: Any) -> Any:
    """Blanks around a line of a prompt mean nothing."""
    if not isinstance(value, str):
        return value
    return "\n".join(line.strip() for line in value.strip().split("\n"))
