"""A step as the request that is submitted for it, and as it is kept once the job has settled what was open. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.errors import RequestError
from pipelines.projects.project import Place, Project, Step, Values, places
from pipelines.request import Request

FORMAT = "png"  # of what later steps start from: nothing is lost from one to the next
TICKET = "project"


def asked(values: Any) -> Values:
    """What a step keeps of a request that is sent for it, its source left open. Raises RequestError."""
    request = Request.from_dict(values)
    if request.source is None:
        remedy = 'Send {"source": {"strength": …}}; its image is filled in by the project.'
        raise RequestError("source", None, "an edit starts from a picture", remedy)
    return _kept(request)


def order(step: Step, source: str) -> Request:
    """The request to submit. Raises RequestError, since steps may come from anywhere."""
    request = Request.from_dict(step.request or {})
    if request.source is None:
        raise RequestError("source", None, "an edit starts from a picture", "Send one.")
    return replace(request, source=replace(request.source, image=source), format=FORMAT)


def settled_request(step: Step, resolved: Request) -> Values:
    """What the step keeps: seed, checkpoint and all that is settled; what follows from the picture stays open."""
    before = Request.from_dict(step.request or {})
    kept = replace(resolved, width=before.width, height=before.height)
    if kept.inpainting and before.inpainting:
        kept = replace(kept, inpainting=replace(kept.inpainting, region=before.inpainting.region))
    return _kept(kept)


def ticket(project: Project, step: Step) -> str:
    """The client_request_id of the job: the same attempt is never two jobs, and its pictures find their project."""
    return f"{TICKET}/{project.id}/{step.id}/{step.attempts}"


def place_of_ticket(text: str) -> tuple[str, str] | None:
    """(project id, step id) of a job that makes a step; None for all other jobs."""
    parts = text.split("/")
    return (parts[1], parts[2]) if len(parts) == 4 and parts[0] == TICKET else None


def before(project: Project, step_id: str) -> list[Place]:
    """The steps that the pictures of this one build on, in their order."""
    found: list[Place] = []
    for place in places(project):
        if place.step.id == step_id:
            return found
        if place.step.is_enabled:
            found.append(place)
    return []


def _kept(request: Request) -> Values:
    assert request.source is not None
    return replace(request, source=replace(request.source, image="")).as_dict()
