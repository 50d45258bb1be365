"""Trainings on disk: a folder each, in it one JSON file, replaced as a whole, without which the folder is no training.

What cannot be read is said in the log, passed over and left alone. A folder without its file is what a kill has left
of one that was being made or deleted, and goes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import math
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.errors import RequestError
from pipelines.fields import rows, typed
from pipelines.finetune.plan import Plan
from pipelines.finetune.training import Example, Made, Mark, Training
from pipelines.output.disk import PART, failures_named, rewrite, sync_folder

LOG = logging.getLogger(__name__)

FOLDER = "trainings"  # under the data folder
RECORD = "training.json"
ID = re.compile("[0-9a-f]{32}")
UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError, RequestError)
# Shown while it is under way, and worked out anew.
PASSING: dict[str, Any] = {"stage": "", "eta_seconds": None, "position": None}


class Store:
    """The folders under `<data_dir>/trainings/`. Whoever writes one sees to it that nobody else does."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / FOLDER

    def folder(self, training_id: str) -> Path:
        """Raises ValueError for what is no id, so that nothing outside is ever touched."""
        if not ID.fullmatch(training_id):
            raise ValueError(f"{training_id!r:.80} is no id of a training")
        return self.root / training_id

    def training_of(self, path: Path) -> str:
        """The name of the folder below these in which a file lies; "" for one that lies elsewhere."""
        root, text = f"{self.root.absolute()}{os.sep}", str(path.absolute())
        return text[len(root) :].partition(os.sep)[0] if text.startswith(root) else ""

    def load(self) -> Iterator[Training]:
        """All that can be read."""
        for path in sorted(self.root.glob(f"*/{RECORD}")):
            try:
                training = read(path.read_bytes())
                if training.id != path.parent.name:
                    raise ValueError(f"it is of the training {training.id!r:.80}")
                yield training
            except UNREADABLE as error:
                LOG.warning("%s is no training that can be read, passed over: %s", path, error)

    def save(self, training: Training) -> None:
        """Durable when it returns. Raises DiskFull; then it is as it was."""
        path = self.folder(training.id) / RECORD
        values = dataclasses.asdict(replace(training, **PASSING))
        with failures_named(self.root):
            is_new = not path.exists()
            rewrite(path, json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
            if is_new:
                sync_folder(self.root)

    def remove(self, training_id: str) -> None:
        """Deletes the whole folder; what a kill leaves of it is deleted by `sweep`."""
        folder = self.folder(training_id)
        if folder.is_symlink():
            folder.unlink()
            return
        self.forget(training_id)
        shutil.rmtree(folder, ignore_errors=True)

    def forget(self, training_id: str) -> None:
        """From here on it is no training any more, and what is left of it is deleted at the latest by `sweep`."""
        folder = self.folder(training_id)
        with contextlib.suppress(FileNotFoundError):
            (folder / RECORD).unlink()
            sync_folder(folder)

    def sweep(self) -> None:
        """At start: deletes what a kill left of folders that were being made or deleted, and half-written files."""
        for folder in self.root.glob("*"):
            is_ours = ID.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()
            if is_ours and not (folder / RECORD).exists():
                shutil.rmtree(folder, ignore_errors=True)
        for part in self.root.glob(f"*/**/*{PART}"):
            part.unlink(missing_ok=True)


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
