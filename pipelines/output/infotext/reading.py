"""`parameters` to a Request, of whatever program they are; and a list of what could not be taken over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RequestError
from pipelines.output.infotext.foreign import (
    OURS,
    amended,
    is_silent,
    notes,
    program_of,
    why_not,
    with_loras,
)
from pipelines.output.infotext.grammar import read
from pipelines.output.infotext.row import Fields
from pipelines.output.infotext.rows import ROWS
from pipelines.output.infotext.values import Context, Said, Unusable
from pipelines.request import Defaults, Request, resolve

OWN_KEY = "Darkroom"  # JSON of all that AUTOMATIC1111 has no key for
SHOWN_CHARACTERS = 300
ENLARGES = ("Hires upscale", "Hires scale", "Hires resize", "Hires size")


@dataclass(frozen=True)
class Unmapped:
    """What a text says and a Request cannot. `why` is a sentence for the user."""

    key: str
    value: str
    why: str


@dataclass(frozen=True)
class Told:
    """What was understood of a text. `program`: who has written it, "" if that is unknown."""

    request: Request | None = None
    program: str = ""
    unmapped: tuple[Unmapped, ...] = ()


def to_request(text: str) -> Request | None:
    """The settings that the text names, the others open; None when it holds no settings at all."""
    return understood(text).request


def understood(text: str) -> Told:
    """Likewise, with all that the text says beside them."""
    values = read(text)
    return told_by(values) if "Steps" in values else Told()


def told_by(values: dict[str, str]) -> Told:
    """What was read as pairs; the settings that are not named stay open."""
    program = program_of(values)
    said = Said(amended(values))
    context = Context(
        is_ours=program == OURS,
        is_enlarged=said.get(*ENLARGES) is not None,
        sampler=said.get("Sampler") or "",
    )
    unmapped = [Unmapped(*note) for note in notes(program, said)]
    fields: Fields = {
        "clip_skip": 1,
        "prompt": with_loras(_words(said, "Prompt"), said.get("Lora weights")),
        "negative_prompt": _words(said, "Negative prompt"),
    }
    origins: dict[str, tuple[str, str]] = {}
    for row in ROWS:
        found = said.take(*row.keys)
        if found is None:
            continue
        try:
            taken = row.take(found[1], context)
        except Unusable as error:
            unmapped.append(_shown(*found, str(error)))
        else:
            fields |= taken
            origins |= dict.fromkeys(taken, found)
    if context.is_ours:
        fields |= _beside(_words(said, OWN_KEY))
    request, refused = _sound(fields)
    for name, why in refused.items():
        unmapped.append(_shown(*origins.get(name, (name, str(fields[name]))), why))
    unmapped += [
        _shown(key, value, why_not(key)) for key, value in said.rest if not is_silent(key, program)
    ]
    return Told(request, program, tuple(dict.fromkeys(unmapped)))


def _words(said: Said, key: str) -> str:
    return (said.take(key) or ("", ""))[1]


def _beside(text: str) -> Fields:
    """What is wrong in it counts as absent."""
    try:
        values = json.loads(text or "{}")
        Request().changed(values)
    except (ValueError, RecursionError, RequestError, AttributeError, TypeError):
        return {}
    return dict(values)


def _sound(fields: Fields) -> tuple[Request, dict[str, str]]:
    """(the Request without what it cannot hold, that by field with the reason)."""
    refused: dict[str, str] = {}
    while True:
        left = {name: value for name, value in fields.items() if name not in refused}
        try:
            request = Request().changed(left)
            resolve(request, "", Defaults())
        except RequestError as error:
            gone = _meant(error.field, left)
            if not gone:
                return Request(prompt=fields["prompt"]), refused
            why = error.message.partition(": ")[2]
            refused |= dict.fromkeys(gone, f"{why[:1].upper()}{why[1:]}.")
        else:
            return request, refused


def _meant(field: str, names: dict[str, Any]) -> list[str]:
    """The fields that an error speaks of: the one, or else all of its part."""
    exact = [name for name in (field, f"sampling.{field}") if name in names]
    part = field.partition(".")[0]
    return exact or [name for name in names if name.partition(".")[0] == part]


def _shown(key: str, value: str, why: str) -> Unmapped:
    return Unmapped(key, value[:SHOWN_CHARACTERS], why)
