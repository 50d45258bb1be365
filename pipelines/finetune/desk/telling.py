"""A training as JSON for who asks: what is shown is bounded, however long it ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.finetune.desk.losses import thinned
from pipelines.finetune.training import Training

DECIMALS = 6  # of a loss: more than a plot shows or a step is worth


def as_dict(training: Training) -> dict[str, Any]:
    """The JSON of the API, the losses thinned and rounded."""
    losses = tuple((step, round(loss, DECIMALS)) for step, loss in thinned(training.losses))
    return replace(training, losses=losses).as_dict()
