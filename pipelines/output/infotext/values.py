"""How single values stand in `parameters`, and what a reader of one must know of the rest of the text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipelines.output.infotext.grammar import SIZE

HASH = re.compile(r" \[[0-9a-f]{8,64}\]$")  # after a name, in AUTOMATIC1111's titles
SAME = "use same "  # begins values of the second pass that say: as in the first


class Unusable(Exception):
    """A value that cannot be taken over; the text says why, as a sentence for the user."""


class Kind(NamedTuple):
    """`read` raises Unusable. `write` gives what `quote` takes."""

    read: Callable[[str], Any]
    write: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Context:
    """What the meaning of a value depends on beside it. `is_ours`: Darkroom has written the text."""

    is_ours: bool
    is_enlarged: bool  # there is a second pass
    sampler: str


class Said:
    """The pairs of a text, by their keys in any case. `-1` and `-2` are one value again: "512x768"."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._keys: dict[str, tuple[str, str]] = {}
        for key, value in values.items():
            name, _, number = key.rpartition("-")
            if number == "1" and f"{name}-2" in values:
                key, value = name, f"{value}x{values[f'{name}-2']}"
            elif number == "2" and f"{name}-1" in values:
                continue
            self._keys.setdefault(key.casefold(), (key, value))

    def take(self, *keys: str) -> tuple[str, str] | None:
        """(key, value) of the first of these that is there; afterwards none of them is any more."""
        found = [self._keys.pop(key.casefold()) for key in keys if key.casefold() in self._keys]
        return found[0] if found else None

    def get(self, *keys: str) -> str | None:
        """The value of the first of these that is there."""
        found = (self._keys[key.casefold()] for key in keys if key.casefold() in self._keys)
        return next((value for _, value in found), None)

    @property
    def rest(self) -> list[tuple[str, str]]:
        """What nobody has taken."""
        return list(self._keys.values())


def number(text: str) -> float:
    """Raises Unusable."""
    try:
        value = float(text[:32])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Unusable("It is no number.")
    return value


def whole(text: str) -> int:
    """Raises Unusable."""
    value = number(text)
    if not value.is_integer():
        raise Unusable("It is no whole number.")
    return int(value)


def sides(text: str) -> tuple[int, int]:
    """Of "512x768". Raises Unusable."""
    found = SIZE.fullmatch(text.strip())
    if not found:
        raise Unusable("It is no size such as 512x768.")
    return int(found[1]), int(found[2])


def one_of(table: Mapping[str, str]) -> Kind:
    """`table`: ours → as it is written."""
    ours = {theirs.casefold(): key for key, theirs in reversed([*table.items()])}

    def read(text: str) -> str:
        if text.casefold() not in ours:
            raise Unusable(f"Darkroom knows {', '.join(dict.fromkeys(table.values()))}.")
        return ours[text.casefold()]

    return Kind(read, lambda value: table.get(str(value), value))


def _claim(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise Unusable("It is neither True nor False.")
    return text.casefold() == "true"


def _unless_same(text: str) -> str | None:
    return None if text.casefold().startswith(SAME) else text or None


WHOLE, NUMBER, CLAIM = Kind(whole), Kind(number), Kind(_claim)
TEXT = Kind(str)
TITLE = Kind(lambda text: HASH.sub("", text) or None)  # "name [0123456789]"
OTHER_TITLE = Kind(lambda text: _unless_same(HASH.sub("", text)))
OTHER_TEXT = Kind(_unless_same)
