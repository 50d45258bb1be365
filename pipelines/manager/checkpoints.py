"""The checkpoints that a request names: they are there, and the one can go on with the other's pictures."""

from __future__ import annotations

from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.errors import NotFound, RequestError
from pipelines.request import Request


def find_base(request: Request, view: View) -> Checkpoint:
    """The checkpoint that begins the pictures. Raises RequestError or ModelUnreadable."""
    return _find("checkpoint", request.checkpoint, view)


def find_refiner(request: Request, base: Checkpoint, view: View) -> Checkpoint | None:
    """Which goes on with them. Raises RequestError, also for one that sees other latents, or ModelUnreadable."""
    if not request.refiner:
        return None
    refiner = _find("refiner", request.refiner, view)
    if refiner.latents != base.latents:
        why = (
            f"goes on with pictures of {refiner.latents} only, and {base.name} is of {base.latents}"
        )
        remedy = f"Choose a checkpoint of {base.latents}, or no refiner."
        raise RequestError("refiner", refiner.name, why, remedy)
    return refiner


def _find(field: str, name: str | None, view: View) -> Checkpoint:
    try:
        return view.find(name)
    except NotFound as error:
        why = "is not there" if name else error.message
        raise RequestError(field, name, why, error.remedy) from error
