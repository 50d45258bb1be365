"""The docket: all jobs in memory, for the desk; every change is written to the queue and then hung on the board."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.errors import DiskFull
from pipelines.job import ENDED_STATES, OPEN_STATES, QUEUED, Job, Picture
from pipelines.manager.follow import Board
from pipelines.manager.queue import Queue, Record
from pipelines.request import Request

LOG = logging.getLogger(__name__)

ENDED_KEPT = 100  # ended jobs that are remembered for each owner; the pictures stay in the library
QUIET_SECONDS = 0.1  # steps and previews are shown to followers at most so often
RETRY_SECONDS = 2.0  # when the queue's file could not be written


@dataclass(eq=False)
class Entry:
    """One job at the desk: its record, and what is under way."""

    record: Record
    under_way: set[int] = field(default_factory=set)  # pictures at the worker
    saving: set[int] = field(default_factory=set)  # pictures on their way to the disk
    is_cancelling: bool = False
    is_pausing: bool = False
    overtaken: int = 0
    _requests: dict[tuple[int, int], Request] = field(default_factory=dict)

    @property
    def job(self) -> Job:
        return self.record.job

    def request_of(self, index: int) -> Request:
        """What one picture is, as a part of the job: with its own values of the fields in which pictures differ."""
        picture = self.job.pictures[index]
        if not picture.changes:
            return self.job.request
        key = (index, picture.seed)
        if key not in self._requests:
            self._requests[key] = self.job.request.changed(picture.changes)
        return self._requests[key]

    def forget_requests(self) -> None:
        """They can be made again from the job."""
        self._requests.clear()

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more of it goes to the worker, since somebody cancels or pauses it."""
        return self.is_cancelling or self.is_pausing

    @property
    def waiting(self) -> list[Picture]:
        """The pictures that still have to go to the worker."""
        if self.job.state not in OPEN_STATES:
            return []
        elsewhere = self.under_way | self.saving
        return [p for p in self.job.pictures if p.state == QUEUED and p.index not in elsewhere]


class Docket:
    """All jobs by id. Used on the desk thread only."""

    def __init__(self, queue: Queue, board: Board, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._queue, self._board = queue, board
        self._entries: dict[str, Entry] = {}
        self._open: dict[str, Entry] = {}
        self._unwritten: dict[str, Entry] = {}
        self._unshown: dict[str, Entry] = {}
        self._unwritten_removals: list[Job] = []
        self._unshown_removals: list[Job] = []
        self._is_urgent = False
        self._flushed_at = self._failed_at = float("-inf")
        for record in queue.load():
            self._enter(Entry(record))
        self.used_seconds = queue.gpu_seconds()
        self._written_seconds = dict(self.used_seconds)
        self._last_ordinal = max((entry.record.ordinal for entry in self), default=0)
        board.publish(entry.job for entry in self)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def get(self, job_id: str) -> Entry | None:
        return self._entries.get(job_id)

    def open(self) -> list[Entry]:
        """Everything that waits or runs."""
        return list(self._open.values())

    def next_ordinal(self) -> int:
        self._last_ordinal += 1
        return self._last_ordinal

    def submitted(self, owner: str, client_request_id: str) -> str | None:
        """The id of the job that this owner has submitted under this id, or None."""
        known = self._queue.submitted(owner, client_request_id) if client_request_id else None
        return known if known in self._entries else None

    # ---- changes -------------------------------------------------------------------------------------

    def add(self, record: Record) -> Entry:
        """Writes a new job to the disk before it returns. Raises DiskFull; then there is no such job."""
        try:
            self._queue.write([record])
        except sqlite3.Error as error:
            raise DiskFull(
                f"The job cannot be written to the queue: {error}.",
                "Make room in the data folder, then send it again.",
            ) from error
        entry = Entry(record)
        self._enter(entry)
        self._unshown[record.job.id] = entry
        self._is_urgent = True
        return entry

    def change(self, entry: Entry, *, quietly: bool = False, **changes: Any) -> None:
        """Replaces fields of the job. `quietly`: passing things such as steps, shown soon and not written."""
        self.amend(entry, quietly=quietly, job=replace(entry.job, **changes))

    def change_pictures(
        self, entry: Entry, indexes: Iterable[int], *, quietly: bool = False, **changes: Any
    ) -> None:
        wanted = set(indexes)
        if not wanted:
            return  # no news
        pictures = tuple(
            replace(picture, **changes) if picture.index in wanted else picture
            for picture in entry.job.pictures
        )
        self.change(entry, quietly=quietly, pictures=pictures)

    def amend(self, entry: Entry, *, quietly: bool = False, **changes: Any) -> None:
        """As `change`, for the fields of the record."""
        entry.record = replace(entry.record, **changes)
        self._enter(entry)
        self._unshown[entry.job.id] = entry
        if not quietly:
            self._unwritten[entry.job.id] = entry
            self._is_urgent = True

    def _enter(self, entry: Entry) -> None:
        self._entries[entry.job.id] = entry
        if entry.job.state in OPEN_STATES:
            self._open[entry.job.id] = entry
        else:
            self._open.pop(entry.job.id, None)
            entry.forget_requests()

    def remove(self, entry: Entry) -> None:
        del self._entries[entry.job.id]
        self._open.pop(entry.job.id, None)
        self._unwritten.pop(entry.job.id, None)
        self._unshown.pop(entry.job.id, None)
        self._unwritten_removals.append(entry.job)
        self._unshown_removals.append(entry.job)
        self._is_urgent = True

    def surplus(self, owner: str) -> list[Entry]:
        """The oldest ended jobs of an owner, beyond those that are remembered."""
        ended = [e for e in self if e.job.owner == owner and e.job.state in ENDED_STATES]
        ended.sort(key=lambda entry: entry.job.finished or 0.0)
        return ended[:-ENDED_KEPT]

    # ---- to disk and board ---------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Whether something other than steps and previews changed since the last flush."""
        return self._is_urgent

    def flush(self, now_seconds: float) -> float:
        """Writes what must last, then shows what is new. Returns the seconds until it wants to be called again."""
        is_written = not (self._unwritten or self._unwritten_removals)
        if not is_written and now_seconds - self._failed_at > RETRY_SECONDS:
            self._write(now_seconds)
        if not self._is_urgent and now_seconds - self._flushed_at < QUIET_SECONDS:
            return QUIET_SECONDS if self._unshown else RETRY_SECONDS
        if self._unshown or self._unshown_removals:
            jobs = [entry.job for entry in self._unshown.values()]
            self._board.publish(jobs, self._unshown_removals)
            self._unshown.clear()
            self._unshown_removals.clear()
            self._flushed_at, self._is_urgent = now_seconds, False
        return RETRY_SECONDS

    def _write(self, now_seconds: float) -> None:
        seconds = {
            owner: used
            for owner, used in self.used_seconds.items()
            if self._written_seconds.get(owner) != used
        }
        try:
            self._queue.write(
                [entry.record for entry in self._unwritten.values()],
                self._unwritten_removals,
                seconds,
            )
        except sqlite3.Error as error:
            # What runs goes on: the pictures are what matters, and the next flush tries again.
            LOG.error("the queue cannot be written (%s); trying again", error)
            self._failed_at = now_seconds
            return
        self._written_seconds.update(seconds)
        self._unwritten.clear()
        self._unwritten_removals.clear()
