"""Projects in a studio for tests: photos and masks to edit, and waiting without sleeping."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw

from pipelines import PipelineManager
from pipelines.projects.project import Project, Step
from pipelines.projects.telling import as_dict
from tests.studio import OWNER, until

SIZE = (64, 64)


def photo(colour: str = "steelblue", size: tuple[int, int] = SIZE) -> bytes:
    return _png(Image.new("RGB", size, colour))


def mask(size: tuple[int, int] = SIZE) -> bytes:
    picture = Image.new("L", size)
    ImageDraw.Draw(picture).rectangle((16, 16, 47, 47), fill=255)
    return _png(picture)


def asking(prompt: str = "a red circle", *, steps: int = 2, **fields: Any) -> dict[str, Any]:
    """What is sent for a step: a request whose source has no picture yet."""
    whole = {"width": 64, "height": 64, "source": {"strength": 1.0}, **fields}
    return {"prompt": prompt, "sampling": {"steps": steps}, **whole}


def new(manager: PipelineManager, owner: str = OWNER, data: bytes = b"") -> Project:
    base = manager.assets.add(data or photo(), owner)
    return manager.projects.create(base.id, owner, "holiday")


def add(manager: PipelineManager, project: Project, prompt: str, **fields: Any) -> Project:
    """With one more step of that name."""
    step = manager.projects.step({"request": asking(prompt, **fields)}, prompt)
    return manager.projects.append(project.id, project.owner, step)


def settled(manager: PipelineManager, project: Project) -> Project:
    """The project once nothing of it waits or runs."""
    return when(manager, project, lambda now: not as_dict(now)["is_busy"])


def when(manager: PipelineManager, project: Project, is_so: Callable[[Project], object]) -> Project:
    """The project once this is so of it."""

    def look() -> Project | None:
        now = manager.projects.get(project.id, project.owner)
        return now if is_so(now) else None

    found = until(manager, project.owner, look)
    assert isinstance(found, Project)
    return found


def edited(manager: PipelineManager, *prompts: str, **fields: Any) -> Project:
    """A project with a step of each prompt, all of them made."""
    project = new(manager)
    for prompt in prompts:
        add(manager, project, prompt, **fields)
    return settled(manager, project)


def steps(project: Project) -> list[dict[str, Any]]:
    """As the API tells of them."""
    found: list[dict[str, Any]] = as_dict(project)["steps"]
    return found


def states(project: Project) -> list[str]:
    return [step["state"] for step in steps(project)]


def named(project: Project, name: str) -> Step:
    return next(step for step in project.steps if step.name == name)


def source_of(manager: PipelineManager, project: Project, name: str) -> str:
    """What the job of a step's latest result started from."""
    job = manager.job(named(project, name).results[-1].job_id, project.owner)
    assert job.request.source is not None
    return job.request.source.image


def _png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
