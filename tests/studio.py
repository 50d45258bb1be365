"""A studio for tests: a manager over a temporary folder, with the fake worker and a checkpoint of paper."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines import Job, PipelineManager, Request, Sampling, Settings
from pipelines.job import OPEN_STATES
from pipelines.manager.gpu import Gpu
from tests import paper_checkpoint
from tests.forked import forking

FAKE_WORKER = "tests.fake_worker"
OWNER = "ada"
SECONDS = 90.0  # no test waits so long; it is how long one may hang
LOOK_SECONDS = 0.05  # what no news tells of is looked at so often


def settings(folder: Path, **changes: Any) -> Settings:
    """Everything under one folder; the checkpoint is made when it is not there."""
    if not (folder / "models" / "paper").exists():
        paper_checkpoint.write(folder / "models" / "paper")
    return Settings(
        models_dir=(folder / "models",),
        output_dir=folder / "outputs",
        data_dir=folder / "data",
        **changes,
    )


@contextlib.contextmanager
def studio(folder: Path, **changes: Any) -> Iterator[PipelineManager]:
    """A started manager, stopped in the end."""
    manager = PipelineManager(
        settings(folder, **changes), worker_target=FAKE_WORKER, worker_context=forking()
    )
    manager.start()
    try:
        yield manager
    finally:
        manager.stop()


@contextlib.contextmanager
def asleep(folder: Path, **changes: Any) -> Iterator[tuple[PipelineManager, Callable[[], None]]]:
    """A started manager whose worker starts when it is told to, by a call of the second of the two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gpu, "start", lambda gpu: None)
        with studio(folder, **changes) as manager:
            yield manager, lambda: (patch.undo(), manager._desk.ask(manager._gpu.start))[1]


def asking(prompt: str = "a red circle", *, steps: int = 4, **fields: Any) -> Request:
    return Request(prompt=prompt, sampling=Sampling(steps=steps), **fields)


def until(manager: PipelineManager, owner: str, is_so: Callable[[], Any]) -> Any:
    """Follows the owner's jobs and the state of the worker until `is_so` returns something true."""

    async def follow() -> Any:
        version, end = 0, time.monotonic() + SECONDS
        while not (found := is_so()):
            assert time.monotonic() < end, f"{manager.status()} {_states(manager, owner)}"
            version = (await manager.changes(owner, version, LOOK_SECONDS)).version
        return found

    return asyncio.run(follow())


def _states(manager: PipelineManager, owner: str) -> list[tuple[str, str, str]]:
    return [(job.request.prompt, job.state, job.stage) for job in manager.jobs(owner)]


def ready(manager: PipelineManager) -> int:
    """Waits until the worker is ready; its process id."""
    return int(until(manager, OWNER, lambda: _pid(manager)))


def _pid(manager: PipelineManager) -> int | None:
    status = manager.status()
    return status.worker_pid if status.worker == "ready" else None


def ended(manager: PipelineManager, job: Job) -> Job:
    """Waits until the job neither waits nor runs; the job as it is then."""
    return in_state(manager, job, lambda now: now.state not in OPEN_STATES)


def in_state(manager: PipelineManager, job: Job, is_so: Callable[[Job], bool] | str) -> Job:
    """Waits until the job is in this state, or until this is so of it."""

    def look() -> Job | None:
        now = manager.job(job.id, job.owner)
        is_there = now.state == is_so if isinstance(is_so, str) else is_so(now)
        return now if is_there else None

    found = until(manager, job.owner, look)
    assert isinstance(found, Job)
    return found
