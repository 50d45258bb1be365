"""How the fields of a request are read and checked: types and bounds, with errors that name field, value and remedy."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, TypeVar

from pipelines.errors import RequestError

Row = TypeVar("Row")

CLIENT_REQUEST_ID_CHARACTERS = 200

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "whole number"),
    "float": ((int, float), "number"),
    "str": ((str,), "text"),
    "bool": ((bool,), "true or false"),
}


def typed(cls: type[Any], values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values, each of the type that the dataclass declares; floats that are whole pass as int.

    `prefix` stands before the names in errors, e.g. "sampling.". Raises RequestError.
    """
    fields = {f.name: str(f.type) for f in dataclasses.fields(cls)}
    read: dict[str, Any] = {}
    for name, value in values.items():
        kind, _, optional = fields.get(name, "").partition(" | ")
        if kind not in KINDS:
            raise RequestError(prefix + name, value, "is no field of a request", "Leave it out.")
        types, words = KINDS[kind]
        if value is None and optional:
            read[name] = None
            continue
        if kind == "int" and isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
            raise RequestError(prefix + name, value, f"is not {words}", f"Send {words}.")
        if kind == "float":
            try:
                value = float(value)  # type: ignore[arg-type]
            except OverflowError:
                raise RequestError(prefix + name, value, "is too large", "Send less.") from None
        read[name] = value
    return read


def rows(cls: type[Row], values: Any, name: str) -> tuple[Row, ...]:
    """Several values of one dataclass from a list of JSON objects; errors name e.g. "controls.0.weight"."""
    if not isinstance(values, list | tuple):
        raise RequestError(name, values, "is no list", f"Send a list of objects as {name}.")
    return tuple(_row(cls, value, f"{name}.{number}") for number, value in enumerate(values))


def one(cls: type[Row], value: Any, name: str, **parts: type[Any]) -> Row | None:
    """A dataclass from a JSON object, or None from null; `parts`: its fields that are dataclasses themselves."""
    if value is None or isinstance(value, cls):
        return value
    if not isinstance(value, dict):
        raise RequestError(name, value, "is no object of fields", "Send a JSON object.")
    given = dict(value)
    read = {
        part: one(kind, given.pop(part, None), f"{name}.{part}") for part, kind in parts.items()
    }
    return cls(**typed(cls, given, f"{name}."), **read)


def _row(cls: type[Row], value: Any, name: str) -> Row:
    read = one(cls, value, name)
    if read is None:
        raise RequestError(name, None, "is no object of fields", "Send a JSON object.")
    return read


def check_client_request_id(given: str) -> None:
    """Raises RequestError for one that is too long."""
    if len(given) > CLIENT_REQUEST_ID_CHARACTERS:
        why = f"is longer than {CLIENT_REQUEST_ID_CHARACTERS} characters"
        raise RequestError("client_request_id", given, why, "Send a shorter one.")


def within(name: str, value: Any, bounds: tuple[float, float], unit: str = "") -> None:
    """Raises RequestError unless the number is finite and inside the bounds, which belong to them."""
    low, high = bounds
    if isinstance(value, float) and not math.isfinite(value):
        raise RequestError(name, value, "is no finite number", f"Use {low} to {high}.")
    if not low <= value <= high:
        what = f"is outside {low} to {high} {unit}".rstrip()
        raise RequestError(name, value, what, f"Use {low} to {high}.")
