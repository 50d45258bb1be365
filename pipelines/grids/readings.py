"""How the values of an axis are read, by its kind: each becomes a change of the request."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import factorial
from typing import Any

from pipelines.errors import RequestError
from pipelines.grids import values
from pipelines.grids.axes import AxisRow
from pipelines.request import Request

ORDERED_MAX = 6  # words, which have 720 orders
SIZE = re.compile(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", re.IGNORECASE)
NOTHING = ("None", "none", "")
SWITCHES = {"true": True, "yes": True, "false": False, "no": False}
# What an axis changes of a part that a request need not have → what it is then.
PARTS = {
    "hires": "hires fix is off",
    "source": "there is no picture to start from",
    "inpainting": "there is no mask",
}
Change = Callable[[Request], Request]


@dataclass(frozen=True)
class Value:
    """One value of an axis: how it is shown, and what it makes of a request."""

    label: str
    change: Change


def read(row: AxisRow, name: str, text: str) -> tuple[Value, ...]:
    """The values of a text. Raises RequestError with this name, e.g. "grid.x.values"."""
    return tuple(READINGS[row.kind](row, name, text))


def _wholes(row: AxisRow, name: str, text: str) -> list[Value]:
    return [Value(str(one), _putting(row, one)) for one in values.wholes(name, text)]


def _numbers(row: AxisRow, name: str, text: str) -> list[Value]:
    found = values.numbers(name, text)
    return [Value(f"{round(one, 8):.10g}", _putting(row, one)) for one in found]


def _choices(row: AxisRow, name: str, text: str) -> list[Value]:
    fixed = row.choices if not isinstance(row.choices, str) else ()
    known = {one.casefold(): one for one in fixed}
    named = [known.get(one.casefold(), one) for one in values.split(name, text)]
    return [Value(one, _putting(row, None if one in NOTHING else one)) for one in named]


def _switches(row: AxisRow, name: str, text: str) -> list[Value]:
    found = []
    for one in values.split(name, text):
        if one.casefold() not in SWITCHES:
            raise RequestError(name, one, "is neither yes nor no", "Write true or false.")
        found.append(Value(one, _putting(row, SWITCHES[one.casefold()])))
    return found


def _sizes(row: AxisRow, name: str, text: str) -> list[Value]:
    found = []
    for one in values.split(name, text):
        match = SIZE.fullmatch(one)
        if match is None:
            raise RequestError(name, one, "is no size", "Write width and height: 512x768.")
        sides = {"width": int(match[1]), "height": int(match[2])}
        found.append(Value(f"{match[1]}x{match[2]}", _changing(sides)))
    return found


def _styles(row: AxisRow, name: str, text: str) -> list[Value]:
    """Each beside those that are chosen; several at once stand in quotes, with commas between them."""

    def adding(names: str) -> Change:
        more = [one.strip() for one in names.split(",") if one.strip() not in NOTHING]
        return lambda request: replace(
            request, styles="\n".join(filter(None, (request.styles, *more)))
        )

    return [Value(one, adding(one)) for one in values.split(name, text)]


def _searches(row: AxisRow, name: str, text: str) -> list[Value]:
    """The first one is searched for, in all prompts; it stands for itself."""
    found = values.split(name, text)
    return [Value(one, _replacing(name, found[0], one)) for one in found]


def _replacing(name: str, wanted: str, word: str) -> Change:
    def change(request: Request) -> Request:
        if wanted not in request.prompt and wanted not in request.negative_prompt:
            why = "is in neither of the prompts"
            remedy = "Begin with words that stand there; the other values take their place."
            raise RequestError(name, wanted, why, remedy)
        changed = {
            field: getattr(request, field).replace(wanted, word)
            for field in ("prompt", "negative_prompt")
        }
        hires = request.hires
        if hires is not None:
            prompt = hires.prompt.replace(wanted, word)
            negative = hires.negative_prompt.replace(wanted, word)
            hires = replace(hires, prompt=prompt, negative_prompt=negative)
        return replace(request, hires=hires, **changed)

    return change


def _orders(row: AxisRow, name: str, text: str) -> list[Value]:
    words = values.split(name, text)
    if len(words) > ORDERED_MAX:
        why = f"these are {len(words)} words, which have {factorial(len(words)):,} orders"
        raise RequestError(name, text, why, f"Name {ORDERED_MAX} at most.")
    orders = itertools.permutations(words)
    return [Value(", ".join(order), _ordering(name, order)) for order in orders]


def _ordering(name: str, order: tuple[str, ...]) -> Change:
    """The words in this order, in the places where they stand in the prompt."""

    def change(request: Request) -> Request:
        prompt, places = request.prompt, []
        for word in order:
            if word not in prompt:
                why = "is not in the prompt"
                raise RequestError(name, word, why, "Name words that stand there.")
            places.append((prompt.index(word), word))
        parts, at = [], 0
        for (place, old), word in zip(sorted(places), order, strict=True):
            parts += [prompt[at:place], word]
            at = max(at, place + len(old))
        return replace(request, prompt="".join(parts) + prompt[at:])

    return change


READINGS: dict[str, Callable[[AxisRow, str, str], list[Value]]] = {
    "whole": _wholes,
    "number": _numbers,
    "choice": _choices,
    "switch": _switches,
    "size": _sizes,
    "styles": _styles,
    "prompt": _searches,
    "order": _orders,
}


def _putting(row: AxisRow, value: Any) -> Change:
    """The value into the row's field. Raises RequestError where the request has no such part."""
    if row.field == "denoising":
        return lambda request: request.changed({_strength_of(request): value})
    part = row.field.partition(".")[0]
    put = _changing({row.field: value})
    if part not in PARTS:
        return put

    def change(request: Request) -> Request:
        if getattr(request, part) is None:
            raise RequestError(row.field, value, PARTS[part], "Add it, or vary something else.")
        return put(request)

    return change


def _strength_of(request: Request) -> str:
    if request.source is None and request.hires is None:
        why = "nothing is changed by it: there is neither a picture to start from nor hires fix"
        raise RequestError("denoising", None, why, "Add one, or vary something else.")
    return "source.strength" if request.source else "hires.strength"


def _changing(changes: dict[str, Any]) -> Change:
    return lambda request: request.changed(changes)
