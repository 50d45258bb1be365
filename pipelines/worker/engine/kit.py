"""What a picture develops with: its model, what that wears, what guides it. Taken together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pipelines.worker.engine.jobs import WorkerJob
from pipelines.worker.messages import Applied, GuideRef
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model


@dataclass(frozen=True, eq=False)
class Kit:
    """Stays in memory until `give_back`."""

    model: Model
    applied: tuple[Applied, ...]  # how much of each LoRA
    guides: Mapping[GuideRef, Any]


def take(models: Models, job: WorkerJob) -> tuple[Kit | None, str]:
    """(the kit of one picture of the job, its stage); no kit while something is read or waits for memory.

    Raises StudioError when something of it can never be had.
    """
    checkpoint = job.submit.checkpoint
    model = models.lease(checkpoint)
    if model is None:
        is_reading = models.is_reading(checkpoint)
        return None, f"loading {checkpoint.name}" if is_reading else "waiting for memory"
    with ExitStack() as undo:
        undo.callback(models.release, model)
        worn = models.put_on(model, job.patch)
        if worn is None:
            return None, "loading LoRA"
        undo.callback(models.take_off, model, job.patch)
        dressed = models.dress(model, job.outfit)
        if dressed is None:
            return None, "loading VAE" if job.submit.vae else "loading embedding"
        undo.callback(models.undress, dressed)
        guides = models.accompany(model, job.guides)
        if guides is None:
            is_reading = models.is_reading_guides(model, job.guides)
            return None, "loading ControlNet" if is_reading else "waiting for memory"
        undo.pop_all()
    return Kit(dressed, worn.applied, guides), "developing"


def give_back(models: Models, job: WorkerJob, kit: Kit) -> None:
    """A picture of the job has ended."""
    models.part(kit.model, job.guides)
    models.undress(kit.model)
    models.take_off(kit.model, job.patch)
    models.release(kit.model)
