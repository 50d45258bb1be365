"""Comparing: one prompt over the kept steps of a training and the strengths of its weights, as a grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipelines.catalog.checkpoint import Other
from pipelines.finetune.training import Training
from pipelines.request import Request


def names_of_steps(training: Training, folder: Path, others: Iterable[Other]) -> dict[int, str]:
    """Step → the name by which prompts call its weights, of those in the folder that the catalog has found."""
    raise NotImplementedError


def grid_request(
    training: Training,
    names: Mapping[int, str],
    steps: Sequence[int] = (),
    strengths: Sequence[float] = (),
    prompt: str = "",
) -> Request:
    """Columns: steps (none: all that are kept). Rows: strengths of a LoRA (none: 0, 0.6, 0.8, 1; 0 is without it).

    Embeddings have no strengths: their first column is the class word instead. "" as prompt: the plain caption.
    Raises RequestError("steps" or "strengths").
    """
    raise NotImplementedError
