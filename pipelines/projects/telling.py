"""Projects as JSON for who asks, and the pictures that they name."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from pipelines.projects.project import Place, Project, Values, due, places, shown, under_way


def as_dict(project: Project) -> Values:
    """The JSON of the API; the owner stays out of it."""
    values = dataclasses.asdict(project)
    del values["owner"]
    steps = [_step_as_dict(place) for place in places(project)]
    is_busy = bool(under_way(project)) or due(project) is not None
    return {**values, "steps": steps, "image": shown(project), "is_busy": is_busy}


def summary(project: Project) -> Values:
    """A row of the list."""
    told = as_dict(project)
    names = ("id", "name", "created", "changed", "trashed", "position", "is_busy")
    row = {name: told[name] for name in names}
    return {**row, "thumbnail": told["image"], "steps": len(project.steps)}


def _step_as_dict(place: Place) -> Values:
    step, attempt = place.step, place.attempt
    latest = place.result or (step.results[-1] if step.results else None)
    return {
        "id": step.id,
        "name": step.name,
        "request": step.request,
        "tool": step.tool,
        "is_enabled": step.is_enabled,
        "is_counted": place.is_counted,
        "state": place.state,
        "source": place.source,
        "image": latest.image if latest else None,
        "picture_id": latest.picture_id if latest else "",
        "pictures": list(latest.pictures) if latest else [],
        "job_id": attempt.job_id if attempt else latest.job_id if latest else "",
        "error": attempt.error if attempt else None,
    }


def assets_of(project: Project) -> set[str]:
    """Every asset that the project names."""
    found = {project.base}
    for step in project.steps:
        found |= {one.image for one in step.results} | set(named_in(step.request or {}))
    return found - {""}


def named_in(request: Values) -> Iterator[str]:
    """The assets that a request names beside its source: mask and guides. Of whatever form it is."""
    guides = [*_objects(request.get("controls")), *_objects(request.get("image_prompts"))]
    for values, name in ((request.get("inpainting"), "mask"), *((one, "image") for one in guides)):
        if isinstance(values, dict) and isinstance(values.get(name), str):
            yield values[name]


def renamed(request: Values, names: dict[str, str]) -> Values:
    """The request with other names for the assets that it names."""
    copy: Values = json.loads(json.dumps(request))
    guides = [*_objects(copy.get("controls")), *_objects(copy.get("image_prompts"))]
    for values, name in ((copy.get("inpainting"), "mask"), *((one, "image") for one in guides)):
        if isinstance(values, dict) and values.get(name):
            values[name] = names.get(values[name], values[name])
    return copy


def _objects(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else []
