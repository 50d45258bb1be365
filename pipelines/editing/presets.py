"""Ways to retouch a picture, as rows of a table: each a set of values for the same recipe, and what helps with it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Fields = MappingProxyType[str, Any]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """`source` and `inpainting` hold the fields of a Request that it sets; all others keep their defaults."""

    name: str
    label: str
    icon: str  # one of `ui/islands/dom.js`
    says: str
    hint: str  # what the prompt is for
    source: Fields
    inpainting: Fields
    needs_prompt: bool = True
    proposal: str = ""  # what can be found in the picture and put into the mask
    tool: str = ""  # a step without a model that belongs to it
    is_each_alone: bool = False  # each marked place is a step of its own, at the model's full size
    extends: bool = False  # what changes lies beyond the edges

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return values | {"source": dict(self.source), "inpainting": dict(self.inpainting)}


def _source(strength: float) -> Fields:
    return MappingProxyType({"strength": strength})


def _mask(**inpainting: Any) -> Fields:
    usual = {"area": "masked", "blur": 4.0, "is_inverted": False}
    return MappingProxyType({**usual, **inpainting})


# In the order of the page; the first one is chosen to begin with. What is filled from its surroundings is only refined:
# from a strength of about 0.45 on, models put new things in the place of those that were taken away.
PRESETS = (
    Preset(
        name="add",
        label="Add or replace",
        icon="brush",
        says="Paint where it is to be and write what it is. What was there is gone.",
        hint="What is to be seen in the marked place",
        source=_source(1.0),
        inpainting=_mask(content="fill", padding=64),
    ),
    Preset(
        name="remove",
        label="Remove",
        icon="eraser",
        says="Paint over what is to go. What stands around it is continued; no prompt is needed.",
        hint="Not needed. What is behind it, if you like",
        needs_prompt=False,
        source=_source(0.3),
        inpainting=_mask(content="surroundings", padding=96, blur=6.0),
    ),
    Preset(
        name="change",
        label="Change",
        icon="pick",
        says="Keeps the shape and changes the rest: another colour, material, expression.",
        hint="How it is to look, e.g. a red leather coat",
        source=_source(0.55),
        # Cut close to what changes, so that it fills what the model sees and has no room to grow.
        inpainting=_mask(content="original", padding=16, blur=1.0),
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
        source=_source(0.3),
        inpainting=_mask(content="surroundings", padding=32, blur=2.0),
    ),
    Preset(
        name="faces",
        label="Refine faces",
        icon="search",
        says="Each face is found and drawn anew at the full size of the model, one after another.",
        hint="Whose face it is, e.g. the face of an old man",
        proposal="faces",
        is_each_alone=True,
        source=_source(0.4),
        inpainting=_mask(content="original", padding=48),
    ),
    Preset(
        name="extend",
        label="Extend",
        icon="extend",
        says="Pull the handles or choose a shape: the picture goes on beyond its edges.",
        hint="What the whole picture shows",
        extends=True,
        source=_source(1.0),
        inpainting=_mask(content="fill", padding=192),
    ),
)
