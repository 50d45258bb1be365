"""The server that is killed: the real manager over a folder, working on small jobs and telling what it does."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pipelines.manager.docket
import pipelines.manager.gpu
import tests.studio
from pipelines import ENDED_STATES, PipelineManager, Request, Sampling, Settings
from pipelines.worker.messages import Launch
from tests.fake_worker import FakeWorker
from tests.studio import FAKE_WORKER, OWNER, until

ROOT = Path(__file__).resolve().parent.parent.parent
JOBS_AHEAD = 6


class ThreadWorker:
    """Stands in for the supervisor: the fake worker on a thread of this process."""

    def __init__(self, target: str, launch: Launch, on_message: Any, **_: Any) -> None:
        self._near, self._far = multiprocessing.Pipe()
        self._launch, self._on_message = launch, on_message

    def start(self) -> None:
        worker = FakeWorker(self._far, self._launch, {})
        for work in (worker.run, self._read):
            threading.Thread(target=work, daemon=True).start()

    def send(self, message: Any) -> None:
        self._near.send(message)

    def stop(self, wait_seconds: float) -> None:
        """The thread ends with the process."""

    def _read(self) -> None:
        while True:
            self._on_message(self._near.recv())


@dataclass(frozen=True)
class Life:
    """One life of the server. It dies when it passes `point` for the `passes`-th time; "" has no such fuse."""

    folder: Path
    worker: str
    first_number: int = 0  # of the jobs that it submits; -1: it only works off what is left
    point: str = ""
    passes: int = 1


def serve(life: Life, line: Connection) -> None:
    """Recovers, says what it found, works until it dies."""
    folder, worker = life.folder, life.worker
    if worker == "thread":
        pipelines.manager.gpu.Supervisor = ThreadWorker  # type: ignore[assignment, attr-defined]
    pipelines.manager.docket.ENDED_KEPT = 1_000_000  # every job has to be accounted for in the end
    tests.studio.SECONDS = 300.0  # the real worker takes its time to start
    manager = PipelineManager(
        Settings(
            models_dir=(ROOT / "models" if worker == "real" else folder / "models",),
            output_dir=folder / "outputs",
            data_dir=folder / "data",
            max_active_pictures=1,
        ),
        worker_target=None if worker == "real" else FAKE_WORKER,
    )
    if life.point:
        fuse = functools.partial(_burn, life.point, [life.passes])
        save = functools.partial(manager.library.save, at=fuse)
        manager.library.save = save  # type: ignore[method-assign]
    start_worker, manager._gpu.start = manager._gpu.start, lambda: None  # type: ignore[method-assign]
    manager.start()
    manager._desk.ask(lambda: None)  # the library is in line with its files, and jobs wait again
    line.send(("recovered", [one.file for one in everything(manager)]))
    line.recv()  # they were looked at
    manager._desk.ask(start_worker)
    if life.first_number < 0:
        finish(manager, line)
    else:
        work(manager, line, life.first_number)


def work(manager: PipelineManager, line: Connection, number: int) -> None:
    """Keeps a few jobs ahead, for ever, and says when one of them has ended."""
    while True:
        while len(_open_ids(manager)) < JOBS_AHEAD:
            asked = Request(prompt=f"{number:05d}", width=64, height=64, sampling=Sampling(steps=1))
            line.send(("accepted", manager.submit(asked, OWNER, str(number)).id))
            number += 1
        until(manager, OWNER, lambda: len(_open_ids(manager)) < JOBS_AHEAD)
        line.send(("ended", None))


def finish(manager: PipelineManager, line: Connection) -> None:
    """Works off what is left and tells about everything."""
    until(manager, OWNER, lambda: not _open_ids(manager))
    jobs = sorted(manager.jobs(OWNER, 10_000), key=lambda job: job.created)
    pictures = everything(manager)
    told = {
        "jobs": [(job.id, job.state, job.request.prompt, job.finished) for job in jobs],
        "pictures": [(one.job_id, one.index) for one in pictures],
        "indexed": [one.file for one in pictures],
    }
    line.send(("finished", told))
    manager.stop()


def _burn(point: str, left: list[int], passed: str) -> None:
    if passed == point:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)


def _open_ids(manager: PipelineManager) -> set[str]:
    return {job.id for job in manager.jobs(OWNER) if job.state not in ENDED_STATES}


def everything(manager: PipelineManager) -> list[Any]:
    """All pictures in the index."""
    items: list[Any] = []
    cursor = ""
    while True:
        page = manager.library.search(OWNER, cursor=cursor, limit=200)
        items += page.items
        cursor = page.next_cursor
        if not cursor:
            return items
