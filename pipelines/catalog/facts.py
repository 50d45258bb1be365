"""darkroom.json: what its owner knows about a model beside its weights. It overrides what was found out.

In a folder it is called `darkroom.json`, beside a single file `model.safetensors` it is `model.darkroom.json`.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import secrets
from pathlib import Path
from typing import Any

from pipelines.catalog.about import (
    TEXT_CHARACTERS_MAX,
    WEIGHT_MAX,
    WORDS_MAX,
    About,
    licence,
    text,
    words,
)
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.json_file import read_object
from pipelines.catalog.weights_file import Damaged
from pipelines.request import Defaults

FACTS = "darkroom.json"
TEXTS = ("name",)
PREDICTIONS = ("epsilon", "v_prediction")
OWNER = "its file of facts"
SHA256 = re.compile(r"[0-9a-f]{64}")


class BadFact(Damaged):
    """One of the facts cannot be used; `field` is its name."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field, self.why = field, why


def path_of(model: Path) -> Path:
    """Where the facts of this file or folder lie, or would."""
    return model / FACTS if model.is_dir() else model.with_name(f"{model.stem}.{FACTS}")


def with_facts(checkpoint: Checkpoint, path: Path) -> Checkpoint:
    """The checkpoint with what the file says, if there is one. Raises Damaged."""
    if not path.exists():
        return checkpoint
    given = read_object(path, path.name)
    try:
        _said(given)
        fields = _fields(given, checkpoint.defaults)
        if checkpoint.path.stat().st_mtime > path.stat().st_mtime:
            fields.pop("sha256", None)  # the file was replaced since
        return dataclasses.replace(checkpoint, **fields)
    except Damaged as error:
        raise Damaged(f"{path.name}: {error}") from error


def said_in(path: Path) -> About:
    """What the file says of any kind of model: its licence, notes and words. Nothing when it is not there.

    Raises Damaged.
    """
    return _said(read_object(path, path.name)) if path.exists() else About()


def write(path: Path, changes: dict[str, Any]) -> None:
    """Puts these facts into the file, whole or not at all; None takes one out. What it holds besides stays.

    Raises Damaged when what is there cannot be read or would be damaged by this, and OSError.
    """
    given = read_object(path, path.name) if path.exists() else {}
    merged = {name: value for name, value in (given | changes).items() if value is not None}
    _said(merged)
    _fields(merged, Defaults())
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            json.dump(merged, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _said(given: dict[str, Any]) -> About:
    if "licence" in given:
        _text(given["licence"], "licence")
    notes, triggers = given.get("notes", ""), given.get("trigger_words", [])
    if not isinstance(notes, str) or len(notes) > TEXT_CHARACTERS_MAX:
        raise BadFact("notes", f"are no text of at most {TEXT_CHARACTERS_MAX:,} characters")
    is_list = isinstance(triggers, list) and all(isinstance(one, str) for one in triggers)
    if not is_list or len(triggers) > WORDS_MAX:
        raise BadFact("trigger_words", f"are no list of at most {WORDS_MAX} texts")
    preferred = given.get("preferred_weight")
    if preferred is not None and not (_is_number(preferred) and abs(preferred) <= WEIGHT_MAX):
        raise BadFact("preferred_weight", f"is no number from −{WEIGHT_MAX:g} to {WEIGHT_MAX:g}")
    return About(
        notes=text(notes),
        trigger_words=words(triggers),
        preferred_weight=preferred,
        licence=licence(given.get("licence"), OWNER),
    )


def _fields(given: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    fields: dict[str, Any] = {name: _text(given[name], name) for name in TEXTS if name in given}
    if "prediction" in given:
        if given["prediction"] not in PREDICTIONS:
            raise Damaged(f"prediction is none of {', '.join(PREDICTIONS)}")
        fields["prediction"] = given["prediction"]
    if "sha256" in given:
        if not SHA256.fullmatch(str(given["sha256"])):
            raise Damaged("sha256 is none")
        fields["sha256"] = given["sha256"]
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
        raise BadFact(field, "is no short text")
    return value


def _numbers(values: Any, field: str) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3 or not all(_is_number(v) for v in values):
        raise Damaged(f"{field} does not hold three numbers")
    return (float(values[0]), float(values[1]), float(values[2]))


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _changes(values: Any) -> dict[str, Any]:
    known = {field.name: field for field in dataclasses.fields(Defaults)}
    if not isinstance(values, dict) or not set(values) <= set(known):
        raise Damaged(f"defaults may hold {', '.join(known)}")
    for name, value in values.items():
        is_text = str(known[name].type).startswith("str")
        if isinstance(value, str) != is_text or not (is_text or _is_number(value)):
            raise Damaged(f"defaults.{name} has the wrong type")
    return values
