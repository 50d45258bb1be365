"""The edits that a picture builds on, as they stand in its file: the photo, and what was done to it. Never trusted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

EDITS_BYTES = 200_000
EDITS_MAX = 100


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit. `image` is the asset that came of it, `request` what was asked, or `tool` what was used."""

    name: str = ""
    request: dict[str, Any] | None = None
    tool: dict[str, Any] | None = None
    image: str = ""


@dataclass(frozen=True, kw_only=True)
class Edits:
    """`base` is the asset of the photo, `name` what the edit is called that made the picture itself."""

    base: str
    name: str = ""
    steps: tuple[Edit, ...] = ()  # before it, the first one first
    left_out: int = 0  # of the later ones, for lack of room

    @property
    def count(self) -> int:
        """How many edits the picture has behind it, its own one included."""
        return len(self.steps) + self.left_out + 1

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `read_edits` is the inverse."""
        return dataclasses.asdict(self)


def fitting(base: str, name: str, steps: Iterable[Edit]) -> Edits:
    """As many of the first steps as there is room for in a file."""
    all_steps, kept, room = tuple(steps), 0, EDITS_BYTES
    for step in all_steps:
        room -= len(json.dumps(dataclasses.asdict(step)))
        if room < 0:
            break
        kept += 1
    return Edits(base=base, name=name, steps=all_steps[:kept], left_out=len(all_steps) - kept)


def read_edits(values: Any) -> Edits | None:
    """What is wrong in it counts as absent."""
    if not isinstance(values, dict) or not isinstance(values.get("base"), str):
        return None
    steps, left_out = values.get("steps"), values.get("left_out")
    if not isinstance(steps, list) or len(steps) > EDITS_MAX or type(left_out) is not int:
        return None
    read = tuple(filter(None, map(_edit, steps)))
    if len(read) < len(steps):
        return None
    return Edits(base=values["base"], name=_text(values, "name"), steps=read, left_out=left_out)


def _edit(values: Any) -> Edit | None:
    if not isinstance(values, dict):
        return None
    request, tool = values.get("request"), values.get("tool")
    if isinstance(request, dict) == isinstance(tool, dict):
        return None
    return Edit(
        name=_text(values, "name"),
        request=request if isinstance(request, dict) else None,
        tool=tool if isinstance(tool, dict) else None,
        image=_text(values, "image"),
    )


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value[:200] if isinstance(value, str) else ""
