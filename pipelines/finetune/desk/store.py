"""Trainings on disk: what their files say, read with every field of its type."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pipelines.fields import rows, typed
from pipelines.finetune.plan import Plan
from pipelines.finetune.training import Example, Made, Mark, Training
from pipelines.works.store import Form, Store

FOLDER = "trainings"  # under the data folder
RECORD = "training.json"
PASSING: dict[str, Any] = {"stage": "", "eta_seconds": None, "position": None}


def store_in(data_dir: Path) -> Store[Training]:
    """The folders under `<data_dir>/trainings/`."""
    return Store(data_dir / FOLDER, Form("training", RECORD, read, PASSING))


def read(data: bytes) -> Training:
    """A training from its file, every field of its type. Raises one of UNREADABLE."""
    values = dict(json.loads(data))
    parts: dict[str, Any] = {
        "plan": Plan.from_dict(values.pop("plan")),
        "examples": tuple(map(_example, values.pop("examples"))),
        "losses": tuple((int(step), _finite(loss)) for step, loss in values.pop("losses")),
        "marks": rows(Mark, values.pop("marks"), "marks"),
        "sampled_steps": tuple(int(step) for step in values.pop("sampled_steps")),
        "warnings": tuple(str(text) for text in values.pop("warnings")),
        "made": _made(values.pop("made")),
        "error": _error(values.pop("error")),
    }
    return Training(**typed(Training, values, "training."), **parts)


def _example(values: dict[str, Any]) -> Example:
    given = dict(values)
    x, y, width, height = (int(number) for number in given.pop("crop"))
    across, down = (int(number) for number in given.pop("size"))
    fields = typed(Example, given, "example.")
    return Example(**fields, crop=(x, y, width, height), size=(across, down))


def _made(values: Any) -> Made | None:
    return rows(Made, [values], "made")[0] if values is not None else None


def _error(values: Any) -> dict[str, Any] | None:
    if values is not None and not isinstance(values, dict):
        raise ValueError(f"{values!r:.80} is no error")
    return values


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r:.80} is no loss")
    return number
