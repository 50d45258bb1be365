"""A project out of what lies elsewhere: its steps with their results as far as these are known. Pure but for ids."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pipelines.output.edits import Edit, Edits, fitting
from pipelines.projects.orders import before
from pipelines.projects.project import Place, Project, Result, Step, Values, place_of


@dataclass(frozen=True)
class Known:
    """A step as it is known elsewhere. `image`: the asset of its result where it stands; "" where there is none."""

    step: Step
    image: str = ""
    picture_id: str = ""


def opened(project: Project, steps: Iterable[Known]) -> Project:
    """The project with these steps, all of which count; a result is taken over where its source is known."""
    source: str = project.base
    found: list[Step] = []
    for known in steps:
        step = known.step
        if known.image and source:
            result = Result(key=step.key(source), image=known.image, picture_id=known.picture_id)
            if known.picture_id:
                result = replace(result, pictures=(known.picture_id,))
            step = replace(step, results=(result,))
        found.append(step)
        if step.is_enabled:
            source = known.image
    return replace(project, steps=tuple(found), position=len(found))


def new_step(name: str = "", request: Values | None = None, tool: Values | None = None) -> Step:
    return Step(id=secrets.token_hex(8), name=name, request=request, tool=tool)


def edits_before(project: Project, step_id: str) -> Edits:
    """What the pictures of a step build on, for their files. Raises NotFound."""
    name = place_of(project, step_id).step.name
    return fitting(project.base, name, map(_edit, before(project, step_id)))


def steps_of(edits: Edits) -> list[Known]:
    """The steps that stand in a file."""
    return [Known(new_step(edit.name, edit.request, edit.tool), edit.image) for edit in edits.steps]


def _edit(place: Place) -> Edit:
    step, result = place.step, place.result
    values: dict[str, Any] = {"name": step.name, "request": step.request, "tool": step.tool}
    return Edit(**values, image=result.image if result else "")
