"""What may happen to a project: steps are added, undone, switched, changed; attempts begin and end. Pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipelines.errors import RequestError
from pipelines.projects.project import (
    FAILED,
    RUNNING,
    Attempt,
    Place,
    Project,
    Result,
    Step,
    Values,
    place_of,
    places,
    stopped_at,
    under_way,
)

RESULTS_KEPT = 8  # of a step: of other sources and other settings, the latest ones
STEPS_MAX = 100
NAME_CHARACTERS = 200

# ---- what people do ------------------------------------------------------------------------------------


def append(project: Project, step: Step) -> Project:
    """With one more step; those that were undone are gone. Raises RequestError."""
    if project.position >= STEPS_MAX:
        why = f"a project has at most {STEPS_MAX} steps"
        raise RequestError("steps", project.position, why, "Go on with its picture in a new one.")
    if stopped := stopped_at(project):
        why = f"the step “{stopped.step.name}” before it has no result ({stopped.state})"
        remedy = "Undo that step, switch it off or try it again."
        raise RequestError("steps", stopped.step.id, why, remedy)
    return replace(project, steps=(*project.counted, step), position=project.position + 1)


def undo(project: Project) -> Project:
    return replace(project, position=max(0, project.position - 1))


def redo(project: Project) -> Project:
    return replace(project, position=min(len(project.steps), project.position + 1))


def change(project: Project, step_id: str, **changes: Any) -> Project:
    """With these fields of the step replaced. Raises NotFound."""
    return _changed(project, step_id, lambda step: replace(step, **changes))


def again(project: Project, step_id: str = "") -> Project:
    """From this step on all is to be made anew; without one, what failed or was cancelled. Raises NotFound."""
    if step_id:
        place_of(project, step_id)
    ids = [step.id for step in project.steps]
    first = ids.index(step_id) if step_id else len(ids)
    steps = [
        _outdated(step) if number >= first else _unstopped(step)
        for number, step in enumerate(project.steps)
    ]
    return replace(project, steps=tuple(steps))


def pick(project: Project, step_id: str, result: Result) -> Project:
    """With another picture of a batch as the step's result for its key. Raises NotFound."""
    return _changed(project, step_id, lambda step: _with(step, result))


# ---- what becomes of it --------------------------------------------------------------------------------


def begun(project: Project, place: Place) -> Project:
    """The place's step is being made from now on."""
    attempt = Attempt(key=place.key)
    return change(project, place.step.id, attempts=place.step.attempts + 1, attempt=attempt)


def settled(project: Project, step_id: str, request: Values, job_id: str) -> Project:
    """The job that makes the step is known, and so is what was open in its request."""
    place = place_of(project, step_id)
    step = replace(place.step, request=request)
    attempt = Attempt(key=step.key(place.source or ""), job_id=job_id)
    return change(project, step_id, request=request, attempt=attempt)


def finished(project: Project, step_id: str, result: Result) -> Project:
    """The attempt has become a result."""
    return _changed(project, step_id, lambda step: replace(_with(step, result), attempt=None))


def failed(project: Project, step_id: str, error: Values | None, state: str = FAILED) -> Project:
    """The attempt came to nothing."""

    def stop(step: Step) -> Step:
        attempt = step.attempt or Attempt(key="")
        return replace(step, attempt=replace(attempt, state=state, error=error))

    return _changed(project, step_id, stop)


def without_forsaken(project: Project) -> tuple[Project, list[str]]:
    """Without the attempts that nobody waits for any more, and their jobs."""
    wanted = {
        place.step.id
        for place in places(project)
        if place.attempt and place.is_counted and place.step.is_enabled and not project.trashed
    }
    job_ids = []
    for step in under_way(project):
        if step.id not in wanted:
            assert step.attempt is not None
            job_ids.append(step.attempt.job_id)
            project = change(project, step.id, attempt=None)
    return project, [job_id for job_id in job_ids if job_id]


def _changed(project: Project, step_id: str, work: Callable[[Step], Step]) -> Project:
    place_of(project, step_id)
    steps = (work(step) if step.id == step_id else step for step in project.steps)
    return replace(project, steps=tuple(steps))


def _with(step: Step, result: Result) -> Step:
    others = [one for one in step.results if one.key != result.key]
    return replace(step, results=(*others, result)[-RESULTS_KEPT:])


def _outdated(step: Step) -> Step:
    """Its last result stays in sight and belongs to no key, and so does what is under way: its job is cancelled."""
    attempt = replace(step.attempt, key="") if step.attempt else None
    return replace(
        step, results=tuple(replace(one, key="") for one in step.results[-1:]), attempt=attempt
    )


def _unstopped(step: Step) -> Step:
    is_under_way = step.attempt is None or step.attempt.state == RUNNING
    return step if is_under_way else replace(step, attempt=None)
