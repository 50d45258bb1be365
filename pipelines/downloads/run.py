"""One download under way: its files, at most two at a time; its progress; how it ends."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.downloads import place
from pipelines.downloads.client import Client
from pipelines.downloads.package import RemoteFile
from pipelines.downloads.plan import Download
from pipelines.downloads.records import Record, Records
from pipelines.downloads.transfer import Watcher, fetch, in_thread
from pipelines.errors import DiskFull, StudioError

LOG = logging.getLogger(__name__)
QUEUED, RUNNING, CHECKING = "queued", "running", "checking"
PAUSED, FAILED, DONE = "paused", "failed", "done"
ACTIVE = (QUEUED, RUNNING, CHECKING)
SMOOTH_SECONDS = 5.0  # over which the speed is averaged
TICK_SECONDS = 0.5


@dataclass(frozen=True)
class Means:
    """What all downloads share. `turns` lets two files come at a time."""

    client: Client
    records: Records
    catalog: Catalog
    turns: asyncio.Semaphore
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class Run:
    """Lives on the event loop of the downloads; `view` may be read from any thread."""

    def __init__(self, record: Record, means: Means) -> None:
        self.record, self._means = record, means
        self._have: dict[str, int] = {}
        self._note = ""
        self._came = self._speed = 0.0
        self._ticked = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._is_published = False
        self._is_checkpoint = not record.package.subfolder

    @property
    def is_active(self) -> bool:
        return self.record.state in ACTIVE

    def view(self) -> Download:
        record, package = self.record, self.record.package
        is_done = record.state == DONE
        have = (
            package.size_bytes
            if is_done
            else min(sum(tuple(self._have.values())), package.size_bytes)
        )
        speed = self._speed if record.state == RUNNING else 0.0
        return Download(
            id=record.id,
            created=record.created,
            source=package.source,
            page_url=package.page_url,
            name=package.name,
            target=str(record.target),
            licence=package.licence.name,
            state=record.state,
            have_bytes=have,
            size_bytes=package.size_bytes,
            bytes_per_second=speed,
            eta_seconds=(package.size_bytes - have) / speed if speed > 0 else None,
            note=self._note,
            error=record.error,
            model=record.model,
            problem=record.problem,
            is_checkpoint=self._is_checkpoint,
        )

    # ---- what is asked of it

    def start(self) -> None:
        """Begins, or goes on from what is there."""
        self._is_published = self.record.state == CHECKING and place.is_published(self.record)
        self._become(QUEUED)
        self._task = asyncio.create_task(self._go())

    async def finish(self) -> None:
        """It is there, under the name that the catalog gives it."""
        self._become(DONE, **await in_thread(self._listed))

    async def halt(self, state: str = "") -> None:
        """Ends the work and returns when nothing is written any more; what is there stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if state and self.is_active:
            self._become(state)

    # ---- the work

    async def _go(self) -> None:
        try:
            if not self._is_published:  # else the last server was killed before it could say so
                await self._gather()
                self._become(CHECKING)
                await in_thread(self._settle)
            await in_thread(lambda: place.clear(self.record))
            await self.finish()
        except DiskFull as error:
            self._become(PAUSED, error=error.as_dict())
        except StudioError as error:
            self._become(FAILED, error=error.as_dict())
        except Exception as error:
            LOG.exception("the download of %s failed", self.record.package.source)
            words = StudioError(
                f"Something went wrong: {error}.", "Try again; the server's log says more."
            )
            self._become(FAILED, error=words.as_dict())

    async def _gather(self) -> None:
        package = self.record.package
        try:
            async with asyncio.TaskGroup() as group:
                for file in (*package.files, *package.notices):
                    group.create_task(self._bring(file))
        except ExceptionGroup as errors:
            raise _first(errors) from None

    async def _bring(self, file: RemoteFile) -> None:
        async with self._means.turns:
            if self.record.state == QUEUED:
                self._become(RUNNING)
            folder = self.record.target.parent
            watcher = Watcher(self._hold, self._tick, self._wait, folder, self._means.pause)
            await fetch(self._means.client, file, self.record.staging / file.path, watcher)

    def _settle(self) -> None:
        place.check(self.record)
        place.publish(self.record)

    def _listed(self) -> dict[str, str]:
        """Under which name the catalog has it now, and what it says against it."""
        view = self._means.catalog.look()
        models: tuple[Checkpoint | Other, ...] = (*view.checkpoints, *view.others)
        for model in models:
            if model.path == self.record.target:
                self._is_checkpoint = isinstance(model, Checkpoint)
                return {"model": model.name, "problem": model.problem}
        return {"model": self.record.package.name}

    # ---- what is known of it

    def _become(self, state: str, **changes: object) -> None:
        """The state, first on the disk, except where it is the disk that is full."""
        record = dataclasses.replace(self.record, state=state, **{"error": None, **changes})  # type: ignore[arg-type]
        try:
            self._means.records.save(record)
        except DiskFull as error:
            if record.error is None:
                record = dataclasses.replace(self.record, state=PAUSED, error=error.as_dict())
        self.record, self._note, self._speed = record, "", 0.0
        self._came, self._ticked = 0.0, time.monotonic()

    def _hold(self, file: RemoteFile, have_bytes: int) -> None:
        self._have[file.path] = have_bytes

    def _wait(self, why: str) -> None:
        self._note, self._speed = f"{why} Trying again…", 0.0

    def _tick(self, came_bytes: int) -> None:
        self._came += came_bytes
        self._note = ""
        passed = time.monotonic() - self._ticked
        if passed < TICK_SECONDS:
            return
        weight = min(1.0, passed / SMOOTH_SECONDS) if self._speed else 1.0
        self._speed += (self._came / passed - self._speed) * weight
        self._came, self._ticked = 0.0, time.monotonic()


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    """One error of a group, a full disk before others."""
    return min(errors.exceptions, key=lambda error: not isinstance(error, DiskFull))
