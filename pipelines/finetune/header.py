"""Header: what a file of weights says of itself in the words that other programs read: modelspec.* and ss_*."""

from __future__ import annotations

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.finetune.training import Training


def header(training: Training, base: Checkpoint, base_hash: str = "") -> tuple[tuple[str, str], ...]:
    """For `Train.metadata`; made at the start, so that all is known when the base has been deleted since.

    `base_hash`: SHA-256 of the base's file, "" while it is unknown.
    """
    raise NotImplementedError
