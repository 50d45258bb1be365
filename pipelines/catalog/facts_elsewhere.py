"""What its owner says of a model of another program: kept under our data folder, since nothing is written beside it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from pathlib import Path

from pipelines.catalog.beside import facts_in
from pipelines.catalog.checkpoint import Checkpoint, Model
from pipelines.catalog.facts import FACTS, with_facts
from pipelines.catalog.weights_file import Damaged


def path_in(folder: Path, model: Path) -> Path:
    """The file of facts of this model in our folder: by its real path, whatever way has led to it."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(model))).hexdigest()[:32]
    return folder / f"{digest}.{FACTS}"


def with_facts_of(model: Model, path: Path) -> Model:
    """The model with what is said there; what cannot be read says nothing."""
    if isinstance(model, Checkpoint) and not model.problem:
        with contextlib.suppress(Damaged):
            model = with_facts(model, path)
    return dataclasses.replace(model, about=model.about.under(facts_in(path)))
