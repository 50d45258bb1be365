"""The board on which every job's latest snapshot hangs: read by anyone at any time, awaited by followers.

The desk thread alone writes it. Readers and followers never wait for the desk, a disk or the GPU: they take a
small lock around dictionaries of frozen snapshots. A waiting follower costs one future, no thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from pipelines.errors import NotFound
from pipelines.job import Job

REMOVALS_KEPT = 500  # an owner's; who missed more gets the whole list again


@dataclass(frozen=True)
class Changes:
    """What happened to an owner's jobs after the version that was asked about.

    `is_whole`: these are all jobs there are (the follower was too far behind, or the server is a new one).
    """

    version: int
    jobs: tuple[Job, ...] = ()
    removed_ids: tuple[str, ...] = ()
    is_whole: bool = False


@dataclass
class _Shelf:
    """One owner's jobs, newest last, and who waits for news of them."""

    jobs: dict[str, Job] = field(default_factory=dict)
    removed: list[tuple[int, str]] = field(default_factory=list)
    forgotten_version: int = 0  # removals up to here are no longer listed
    followers: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = field(default_factory=dict)
    news_version: int = 0  # of something else that is the owner's


class Board:
    """Snapshots by owner. Versions rise over restarts as well, since they start at the clock's milliseconds."""

    def __init__(self, now_seconds: float) -> None:
        self._lock = threading.Lock()
        self._first_version = self._version = self._news_version = int(now_seconds * 1000)
        self._shelves: dict[str, _Shelf] = {}
        self._listeners: list[Callable[[Job], None]] = []

    @property
    def version(self) -> int:
        return self._version

    def publish(self, jobs: Iterable[Job], removed: Iterable[Job] = ()) -> None:
        """Hangs up new snapshots under one new version and wakes the followers of their owners."""
        jobs = list(jobs)
        with self._lock:
            self._version += 1
            woken = set()
            for job in jobs:
                shelf = self._shelves.setdefault(job.owner, _Shelf())
                shelf.jobs[job.id] = replace(job, version=self._version)
                woken.add(job.owner)
            for job in removed:
                self._remove(self._shelves.setdefault(job.owner, _Shelf()), job.id)
                woken.add(job.owner)
            for owner in woken:
                _wake(self._shelves[owner])
        for job in jobs:
            for hear in self._listeners:
                hear(job)

    def listen(self, hear: Callable[[Job], None]) -> None:
        """`hear` is told of every new snapshot from now on, on the desk thread, where it must not wait."""
        self._listeners.append(hear)

    def tell(self, owner: str) -> None:
        """Something of this owner's beside the jobs changed: wakes who follows them."""
        with self._lock:
            self._version += 1
            shelf = self._shelves.setdefault(owner, _Shelf())
            shelf.news_version = self._version
            _wake(shelf)

    def announce(self) -> None:
        """Something that concerns everybody changed (the state of the worker): wakes all followers."""
        with self._lock:
            self._version += 1
            self._news_version = self._version
            for shelf in self._shelves.values():
                _wake(shelf)

    def job(self, job_id: str, owner: str) -> Job:
        """Raises NotFound, in the same words for a job of somebody else."""
        with self._lock:
            shelf = self._shelves.get(owner)
            job = shelf.jobs.get(job_id) if shelf else None
        if job is None:
            raise NotFound(f"There is no job {job_id[:64]}.", "It may have been removed.")
        return job

    def jobs(self, owner: str, limit: int) -> list[Job]:
        """The newest jobs of an owner, newest first."""
        with self._lock:
            shelf = self._shelves.get(owner)
            jobs = list(shelf.jobs.values()) if shelf else []
        return sorted(jobs, key=lambda job: job.created, reverse=True)[: max(0, limit)]

    async def changes(self, owner: str, since: int, wait_seconds: float) -> Changes:
        """What is newer than `since`: at once when there is something, else after at most `wait_seconds`."""
        loop = asyncio.get_running_loop()
        with self._lock:
            shelf = self._shelves.setdefault(owner, _Shelf())
            found = self._newer(shelf, since)
            if found is not None or wait_seconds <= 0:
                return found or Changes(self._version)
            future: asyncio.Future[None] = loop.create_future()
            shelf.followers[future] = loop
        try:
            await asyncio.wait((future,), timeout=wait_seconds)
        finally:
            with self._lock:
                shelf.followers.pop(future, None)
                found = self._newer(shelf, since)
                if not (shelf.jobs or shelf.removed or shelf.followers or shelf.news_version):
                    self._shelves.pop(owner, None)
        return found or Changes(self._version)

    def _newer(self, shelf: _Shelf, since: int) -> Changes | None:
        if since > self._version or since < max(self._first_version, shelf.forgotten_version):
            return Changes(self._version, tuple(shelf.jobs.values()), is_whole=True)
        jobs = tuple(job for job in shelf.jobs.values() if job.version > since)
        removed = tuple(job_id for version, job_id in shelf.removed if version > since)
        if jobs or removed or max(self._news_version, shelf.news_version) > since:
            return Changes(self._version, jobs, removed)
        return None

    def _remove(self, shelf: _Shelf, job_id: str) -> None:
        shelf.jobs.pop(job_id, None)
        shelf.removed.append((self._version, job_id))
        if len(shelf.removed) > REMOVALS_KEPT:
            shelf.forgotten_version = shelf.removed.pop(0)[0]


def _wake(shelf: _Shelf) -> None:
    followers, shelf.followers = shelf.followers, {}
    for future, loop in followers.items():
        try:
            loop.call_soon_threadsafe(_resolve, future)
        except RuntimeError:  # its event loop is closed: nobody waits any more
            continue


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
