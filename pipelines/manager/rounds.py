"""What the desk does round by round: time is shared out, messages are heard, parts are sent, news and status shown."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.finetune.desk.trainings import Trainings
from pipelines.job import QUEUED, RUNNING
from pipelines.manager.bench import Bench
from pipelines.manager.commands import Commands
from pipelines.manager.dispatch import Dispatcher
from pipelines.manager.docket import Docket
from pipelines.manager.follow import Board
from pipelines.manager.gpu import Gpu
from pipelines.manager.keeper import Keeper
from pipelines.manager.results import Results
from pipelines.manager.space import free_bytes
from pipelines.manager.status import Status
from pipelines.video.desk.videos import Videos
from pipelines.worker.supervisor import Death

REFRESH_SECONDS = 2.0  # of estimates and of the free disk space


@dataclass(frozen=True)
class Parts:
    """What the rounds join."""

    board: Board
    docket: Docket
    bench: Bench
    gpu: Gpu
    keeper: Keeper
    results: Results
    dispatcher: Dispatcher
    commands: Commands
    trainings: Trainings
    videos: Videos
    output_dir: Path


class Rounds:
    """Used on the desk thread only; `status` and `is_idle` may be asked from any thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._refreshed_at = float("-inf")
        self.is_idle = threading.Event()
        self.status = Status(worker=parts.gpu.state)

    def after_batch(self, now_seconds: float) -> float:
        """Returns the seconds until the next round at the latest."""
        parts = self._parts
        parts.bench.charge(now_seconds)
        until_start_seconds = parts.gpu.tick(now_seconds)
        parts.dispatcher.fill()
        is_due = now_seconds - self._refreshed_at > REFRESH_SECONDS
        if is_due or parts.docket.has_news:
            parts.dispatcher.foresee()
        flush, works = parts.docket.flush, (parts.trainings, parts.videos)
        pause_seconds = min(flush(now_seconds), *(one.tick(now_seconds) for one in works))
        self._show_status(now_seconds if is_due else None)
        if not (parts.bench.pictures or parts.keeper.backlog or parts.trainings.is_busy):
            self.is_idle.set()
        return min(pause_seconds, until_start_seconds)

    def heard(self, message: Any) -> None:
        """A word of the GPU process."""
        now_seconds = time.monotonic()
        self._parts.bench.charge(now_seconds)
        self._parts.gpu.heard(message)
        self._parts.results.heard(message, now_seconds)
        self._parts.trainings.hearing.heard(message)
        self._parts.videos.runner.heard(message)

    def died(self, death: Death) -> None:
        """The GPU process is gone. What counts is whether the next one would most likely die as well."""
        parts = self._parts
        parts.bench.charge(time.monotonic())
        has_pictures = any(part.left for part in parts.bench)
        will_repeat = parts.results.worker_died(death)
        of_works = (parts.trainings.hearing.worker_died(death), parts.videos.runner.worker_died())
        if of_works != (None, None) and not has_pictures:
            will_repeat = any(of_works)
        parts.gpu.died(death, counts=will_repeat or any(of_works))

    # ---- the end -------------------------------------------------------------------------------------

    def close_down(self) -> None:
        """Nothing more is taken or begun."""
        self._parts.commands.is_closing = self._parts.dispatcher.is_closing = True
        self._parts.trainings.wishes.close_down()
        self._parts.videos.runner.close_down()
        self.is_idle.clear()

    def ask_back(self) -> bool:
        """Whether the worker has anything that is worth waiting for."""
        for part in self._parts.bench:
            self._parts.results.ask_back(part)
        return any(part.is_begun for part in self._parts.bench) or self._parts.trainings.is_busy

    def put_back(self) -> None:
        """What the worker still has waits for the next start."""
        for entry in {part.entry for part in self._parts.bench.clear()}:
            self._parts.results.send_back(entry, attempt=entry.job.attempt)
        self._parts.trainings.hearing.put_back()

    # ---- status --------------------------------------------------------------------------------------

    def _show_status(self, now_seconds: float | None) -> None:
        """Renews the status; the free space and the followers' news only when it is time or something happened."""
        before, gpu = self.status, self._parts.gpu
        free = before.free_disk_bytes
        if now_seconds is not None:
            self._refreshed_at = now_seconds
            free = free_bytes(self._parts.output_dir)
        states = [entry.job.state for entry in self._parts.docket.open()]
        self.status = Status(
            worker=gpu.state,
            why=gpu.why or self._parts.dispatcher.lacking,
            queue_length=states.count(QUEUED),
            running=states.count(RUNNING),
            restarts=gpu.restarts,
            free_disk_bytes=free,
            **gpu.facts(),
        )
        if _news(before) != _news(self.status):
            self._parts.board.announce()


def _news(status: Status) -> tuple[object, ...]:
    """What followers are told at once when it changes; all else they hear with the next news."""
    return status.worker, status.why, status.loaded
