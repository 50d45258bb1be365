"""Ways to retouch a picture, as rows of a table: each a set of values for the same recipe, and what helps with it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NOTHING: MappingProxyType[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Preset:
    """`source` and `inpainting` hold the fields of a Request that it sets; all others keep their defaults."""

    name: str
    label: str
    icon: str  # one of `ui/islands/dom.js`
    says: str
    hint: str  # what the prompt is for
    source: MappingProxyType[str, Any] = field(default_factory=lambda: NOTHING)
    inpainting: MappingProxyType[str, Any] = field(default_factory=lambda: NOTHING)
    needs_prompt: bool = True
    proposal: str = ""  # what can be found in the picture and put into the mask
    tool: str = ""  # a step without a model that belongs to it
    is_each_alone: bool = False  # each marked place is a step of its own, at the model's full size
    extends: bool = False  # what changes lies beyond the edges

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return values | {"source": dict(self.source), "inpainting": dict(self.inpainting)}


def _row(strength: float, **inpainting: Any) -> dict[str, MappingProxyType[str, Any]]:
    values = {"area": "masked", "blur": 4.0, "is_inverted": False, **inpainting}
    return {
        "source": MappingProxyType({"strength": strength}),
        "inpainting": MappingProxyType(values),
    }


# In the order of the page; the first one is chosen to begin with.
PRESETS = (
    Preset(
        name="add",
        label="Add or replace",
        icon="brush",
        says="Paint where it is to be and write what it is. What was there is gone.",
        hint="What is to be seen in the marked place",
        **_row(1.0, content="original", padding=64),
    ),
    Preset(
        name="remove",
        label="Remove",
        icon="eraser",
        says="Paint over what is to go. What stands around it is continued; no prompt is needed.",
        hint="Not needed. What is behind it, if you like",
        needs_prompt=False,
        **_row(0.8, content="surroundings", padding=96, blur=6.0),
    ),
    Preset(
        name="change",
        label="Change",
        icon="pick",
        says="Keeps the shape and changes the rest: another colour, material, expression.",
        hint="How it is to look, e.g. a red leather coat",
        **_row(0.55, content="original", padding=48),
    ),
    Preset(
        name="repair",
        label="Repair old photo",
        icon="picture",
        says="Scratches and dust are found and filled from what lies around them. Look over the mask first.",
        hint="Not needed. What the photo shows, if you like",
        needs_prompt=False,
        proposal="scratches",
        tool="tones",
        **_row(0.5, content="surroundings", padding=32, blur=2.0),
    ),
    Preset(
        name="faces",
        label="Refine faces",
        icon="search",
        says="Each face is found and drawn anew at the full size of the model, one after another.",
        hint="Whose face it is, e.g. the face of an old man",
        proposal="faces",
        is_each_alone=True,
        **_row(0.4, content="original", padding=48),
    ),
    Preset(
        name="extend",
        label="Extend",
        icon="extend",
        says="Pull the handles or choose a shape: the picture goes on beyond its edges.",
        hint="What the whole picture shows",
        extends=True,
        **_row(1.0, content="fill", padding=192),
    ),
)
