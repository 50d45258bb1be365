"""The checkpoints that a request names: they are there, and the one can go on with the other's pictures."""

from __future__ import annotations

from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.errors import NotFound, RequestError
from pipelines.request import Request

# Fields that name one that goes on with a picture → what it is called.
CALLED = {"refiner": "refiner", "hires.checkpoint": "checkpoint for the second pass"}


def find_base(request: Request, view: View) -> Checkpoint:
    """The checkpoint that begins the pictures. Raises RequestError or ModelUnreadable."""
    return _find("checkpoint", request.checkpoint, view)


def find_refiner(request: Request, base: Checkpoint, view: View) -> Checkpoint | None:
    """Which goes on with them. Raises RequestError, also for one that sees other latents, or ModelUnreadable."""
    if not request.refiner:
        return None
    return _successor("refiner", request.refiner, base, view)


def find_second(request: Request, base: Checkpoint, view: View) -> Checkpoint | None:
    """Which makes the second pass of them. Raises as `find_refiner` does."""
    if request.hires is None or not request.hires.checkpoint:
        return None
    return _successor("hires.checkpoint", request.hires.checkpoint, base, view)


def _successor(field: str, name: str, base: Checkpoint, view: View) -> Checkpoint:
    found = _find(field, name, view)
    if found.latents != base.latents:
        why = f"goes on with pictures of {found.latents} only, and {base.name} is of {base.latents}"
        remedy = f"Choose a checkpoint of {base.latents}, or no {CALLED[field]}."
        raise RequestError(field, found.name, why, remedy)
    return found


def _find(field: str, name: str | None, view: View) -> Checkpoint:
    try:
        return view.find(name)
    except NotFound as error:
        why = "is not there" if name else error.message
        raise RequestError(field, name, why, error.remedy) from error
