"""A training as JSON for who asks: what is shown is bounded, however long it ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.finetune.desk.losses import thinned
from pipelines.finetune.training import Training


def as_dict(training: Training) -> dict[str, Any]:
    """The JSON of the API, the losses thinned."""
    return replace(training, losses=thinned(training.losses)).as_dict()
