"""What a picture develops with: its model, what that wears, what guides it. Taken together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pipelines.worker.engine.jobs import Needs
from pipelines.worker.messages import Applied, GuideRef
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model


@dataclass(frozen=True, eq=False)
class Kit:
    """Stays in memory until `give_back`."""

    needs: Needs
    model: Model
    applied: tuple[Applied, ...]  # how much of each LoRA
    guides: Mapping[GuideRef, Any]


def take(models: Models, needs: Needs) -> tuple[Kit | None, str]:
    """(the kit of one picture, its stage); no kit while something is read or waits for memory.

    Raises StudioError when something of it can never be had.
    """
    checkpoint = needs.checkpoint
    model = models.lease(checkpoint)
    if model is None:
        is_reading = models.is_reading(checkpoint)
        return None, f"loading {checkpoint.name}" if is_reading else "waiting for memory"
    with ExitStack() as undo:
        undo.callback(models.release, model)
        worn = models.put_on(model, needs.patch)
        if worn is None:
            return None, "loading LoRA"
        undo.callback(models.take_off, model, needs.patch)
        dressed = models.dress(model, needs.outfit)
        if dressed is None:
            return None, "loading VAE" if needs.outfit.vae else "loading embedding"
        undo.callback(models.undress, dressed)
        guides = models.accompany(model, needs.guides)
        if guides is None:
            is_reading = models.is_reading_guides(model, needs.guides)
            return None, "loading guides" if is_reading else "waiting for memory"
        undo.pop_all()
    return Kit(needs, dressed, worn.applied, guides), "developing"


def give_back(models: Models, kit: Kit) -> None:
    """The picture has ended, or goes on with another."""
    models.part(kit.model, kit.needs.guides)
    models.undress(kit.model)
    models.take_off(kit.model, kit.needs.patch)
    models.release(kit.model)
