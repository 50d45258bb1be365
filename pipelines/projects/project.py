"""Project: a picture and its edits. A result is known by what it was made of. Frozen data, pure functions.

A step starts from the result of the last enabled step before it, or from the base. Its key names that picture and all
that is asked of it. The result with this key is the step's result, whenever it was made; where there is none, the step
is due. So undo, a switch or a change makes no result wrong, and what was made once is not made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipelines.errors import NotFound

# An attempt that ended well is none any more: it has become a result.
RUNNING, FAILED, CANCELLED = "running", "failed", "cancelled"
DONE, STALE, WAITING = "done", "stale", "waiting"

Values = dict[str, Any]  # of JSON


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a step for one key. `image` is the asset of the picture that was chosen from the batch."""

    key: str
    image: str
    picture_id: str = ""  # in the library; "" where a tool made it, or another server
    pictures: tuple[str, ...] = ()  # all of the batch
    job_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The making of a result that is under way, or came to nothing. `job_id` is "" before the job is known."""

    key: str
    state: str = RUNNING
    job_id: str = ""
    error: Values | None = None  # StudioError.as_dict()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One edit: a `request`, whose source.image is "" until the project fills it in, or a `tool` without a model."""

    id: str
    name: str = ""
    request: Values | None = None
    tool: Values | None = None
    is_enabled: bool = True
    results: tuple[Result, ...] = ()  # the latest last
    attempts: int = 0  # so many were begun
    attempt: Attempt | None = None  # the last one

    def key(self, source: str) -> str:
        """Names what a result is made of: the picture it starts from, and all that is asked."""
        work = json.dumps([source, self.request or self.tool], sort_keys=True)
        return hashlib.sha256(work.encode()).hexdigest()[:32]

    def result(self, key: str) -> Result | None:
        return next((one for one in self.results if one.key == key), None)


@dataclass(frozen=True, kw_only=True)
class Project:
    """`position`: so many of its steps count. Undo lowers it, redo raises it; a new step replaces the rest."""

    id: str
    owner: str
    name: str = ""
    base: str  # asset
    created: float  # seconds since the epoch, as all times here
    changed: float
    steps: tuple[Step, ...] = ()
    position: int = 0
    trashed: float | None = None

    @property
    def counted(self) -> tuple[Step, ...]:
        return self.steps[: self.position]


class Place(NamedTuple):
    """A step where it stands: the asset it starts from (None: not made yet), its key there, its result for that."""

    step: Step
    is_counted: bool
    source: str | None
    key: str
    result: Result | None

    @property
    def attempt(self) -> Attempt | None:
        """The last one, if it was for this."""
        attempt = self.step.attempt
        return attempt if attempt and attempt.key == self.key and not self.result else None

    @property
    def state(self) -> str:
        if self.result:
            return DONE
        if self.attempt:
            return self.attempt.state
        return STALE if self.step.results else WAITING


def places(project: Project) -> Iterator[Place]:
    """All steps in their order, those that were undone as if they counted."""
    image: str | None = project.base
    for number, step in enumerate(project.steps):
        key = step.key(image) if image else ""
        result = step.result(key) if image else None
        yield Place(step, number < project.position, image, key, result)
        if step.is_enabled:
            image = result.image if result else None


def place_of(project: Project, step_id: str) -> Place:
    """Raises NotFound."""
    for place in places(project):
        if place.step.id == step_id:
            return place
    raise NotFound(f"There is no step {step_id[:64]} in this project.", "Load the project anew.")


def shown(project: Project) -> str:
    """The asset of what the edits have come to, as far as they are made."""
    image = project.base
    for place in places(project):
        if place.is_counted and place.step.is_enabled:
            if place.result is None:
                break
            image = place.result.image
    return image


def due(project: Project) -> Place | None:
    """The step that is to be made next; None while one is under way, after one that failed, and in the end."""
    for place in places(project):
        if place.is_counted and place.step.is_enabled and not place.result:
            return None if place.attempt else place
    return None


def stopped_at(project: Project) -> Place | None:
    """The step that failed or was cancelled, so that those after it wait."""
    for place in places(project):
        if place.is_counted and place.step.is_enabled and not place.result:
            return place if place.state in (FAILED, CANCELLED) else None
    return None


def made_by(project: Project, job_id: str) -> Step | None:
    """The step for whose last attempt this job is, or was."""
    found = (step for step in project.steps if step.attempt and step.attempt.job_id == job_id)
    return next(found, None)


def under_way(project: Project) -> list[Step]:
    return [step for step in project.steps if step.attempt and step.attempt.state == RUNNING]
