"""What a checkpoint is best used with: by its family, by the way it was distilled, by what its metadata say.

Distilled checkpoints make pictures in a few steps and look burnt with the settings of others. Few say so inside;
most only in their name.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipelines.asking.sampling import STEPS
from pipelines.catalog.families import FAMILIES
from pipelines.request import SIZE_PX, Defaults

V_PREDICTION, EPSILON = "v_prediction", "epsilon"
PX_PER_CELL = 8


class Distilled(NamedTuple):
    """A way of distilling: words of the name by which it is known, and what it changes of the family's defaults."""

    words: str
    changes: Mapping[str, Any]


FEW_STEPS = {"sampler": "Euler", "schedule": "SGM Uniform", "steps": 4, "guidance_scale": 1.0}
# The first that fits wins. Names are as in the models' own cards: sd_turbo, sd_xl_turbo, SDXL-Lightning, Hyper-SD.
DISTILLED = (
    Distilled(r"lightning", FEW_STEPS),
    Distilled(
        r"lcm", {"sampler": "LCM", "schedule": "Automatic", "steps": 8, "guidance_scale": 1.5}
    ),
    Distilled(
        r"sd[ _-]?(xl)?[ _-]?turbo",
        {**FEW_STEPS, "sampler": "Euler a", "width": 512, "height": 512},
    ),
    Distilled(r"turbo", {**FEW_STEPS, "sampler": "Euler a"}),
    Distilled(r"hyper(?![ _-]?(real|phot|net|def|ion|spir))", FEW_STEPS),
)
STEPS_IN_NAME = re.compile(r"(?<!\d)(\d{1,2})[ _-]?steps?(?![a-z])")
TITLE, RESOLUTION = "modelspec.title", "modelspec.resolution"


def defaults_for(
    family: str, name: str, *, prediction: str = "", metadata: Mapping[str, str] | None = None
) -> Defaults:
    """`name`: of the file or folder; `metadata`: the modelspec.* of a safetensors header."""
    said = metadata or {}
    defaults = FAMILIES[family].defaults
    if family == "sd2" and prediction == EPSILON:
        defaults = dataclasses.replace(defaults, width=512, height=512)
    defaults = dataclasses.replace(defaults, **_size(said.get(RESOLUTION, "")))
    words = f"{name} {said.get(TITLE, '')[:200]}".casefold()
    found = next((row for row in DISTILLED if re.search(row.words, words)), None)
    if found is None:
        return defaults
    steps = STEPS_IN_NAME.search(words)
    told = {"steps": int(steps[1])} if steps and STEPS[0] <= int(steps[1]) <= STEPS[1] else {}
    return dataclasses.replace(defaults, **{**found.changes, **told})


def of_sample_size(defaults: Defaults, cells: Any) -> Defaults:
    """The defaults with the size for which a diffusers config says that its UNet was made (in cells of 8 px)."""
    is_size = type(cells) is int and SIZE_PX[0] <= cells * PX_PER_CELL <= SIZE_PX[1]
    if not is_size:
        return defaults
    return dataclasses.replace(defaults, width=cells * PX_PER_CELL, height=cells * PX_PER_CELL)


def _size(resolution: str) -> dict[str, Any]:
    """width and height out of "1024x768", where such pictures can be asked for."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", resolution.strip())
    sides = [int(side) for side in found.groups()] if found else []
    if not sides or not all(SIZE_PX[0] <= side <= SIZE_PX[1] and side % 8 == 0 for side in sides):
        return {}
    return {"width": sides[0], "height": sides[1]}
