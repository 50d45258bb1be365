"""darkroom.json: what its owner knows about a checkpoint beside its weights. It overrides what was found out.

In a folder it is called `darkroom.json`, beside a single file `model.safetensors` it is `model.darkroom.json`.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.json_file import read_object
from pipelines.catalog.weights_file import Damaged
from pipelines.request import Defaults

FACTS = "darkroom.json"
TEXTS = ("name", "licence")
PREDICTIONS = ("epsilon", "v_prediction")


def with_facts(checkpoint: Checkpoint, path: Path) -> Checkpoint:
    """The checkpoint with what the file says, if there is one. Raises Damaged."""
    if not path.exists():
        return checkpoint
    given = read_object(path, path.name)
    try:
        return dataclasses.replace(checkpoint, **_fields(given, checkpoint.defaults))
    except Damaged as error:
        raise Damaged(f"{path.name}: {error}") from error


def _fields(given: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    fields: dict[str, Any] = {name: _text(given[name], name) for name in TEXTS if name in given}
    if "prediction" in given:
        if given["prediction"] not in PREDICTIONS:
            raise Damaged(f"prediction is none of {', '.join(PREDICTIONS)}")
        fields["prediction"] = given["prediction"]
    if "defaults" in given:
        fields["defaults"] = dataclasses.replace(defaults, **_changes(given["defaults"]))
    if "latent_rgb_factors" in given:
        rows = given["latent_rgb_factors"]
        if not isinstance(rows, list) or len(rows) != 4:
            raise Damaged("latent_rgb_factors are not four rows")
        fields["latent_rgb_factors"] = tuple(_numbers(row, "latent_rgb_factors") for row in rows)
    if "latent_rgb_bias" in given:
        fields["latent_rgb_bias"] = _numbers(given["latent_rgb_bias"], "latent_rgb_bias")
    return fields


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise Damaged(f"{field} is no short text")
    return value


def _numbers(values: Any, field: str) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3 or not all(_is_number(v) for v in values):
        raise Damaged(f"{field} does not hold three numbers")
    return (float(values[0]), float(values[1]), float(values[2]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _changes(values: Any) -> dict[str, Any]:
    known = {field.name: field for field in dataclasses.fields(Defaults)}
    if not isinstance(values, dict) or not set(values) <= set(known):
        raise Damaged(f"defaults may hold {', '.join(known)}")
    for name, value in values.items():
        is_text = known[name].type == "str"
        if isinstance(value, str) != is_text or not (is_text or _is_number(value)):
            raise Damaged(f"defaults.{name} has the wrong type")
    return values
