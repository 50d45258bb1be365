"""The roster: all works of one kind in memory, for the desk; what must last is written into their folders, then told.

Only the desk thread changes it. Snapshots may be read by any thread.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, cast

from pipelines.errors import DiskFull, NotFound
from pipelines.works.store import AnyWork, Store
from pipelines.works.work import QUEUED, RUNNING

LOG = logging.getLogger(__name__)

QUIET_SECONDS = 1.0  # steps are told at most so often …
SAVED_SECONDS = 10.0  # … and written so often
RETRY_SECONDS = 2.0  # when a file could not be written


@dataclass(eq=False)
class Entry(Generic[AnyWork]):
    """A work at the desk, and what is under way. `asked`: what those who do it were told last."""

    work: AnyWork
    is_at_worker: bool = False
    is_prepared: bool = False  # the order for the worker is being put together
    asked: str = ""
    on_gone: Future[None] = field(default_factory=Future)  # done when its folder is deleted

    @property
    def id(self) -> str:
        return self.work.id

    @property
    def is_waiting(self) -> bool:
        return self.work.state == QUEUED and not (self.is_at_worker or self.is_prepared)


AnyEntry = TypeVar("AnyEntry", bound=Entry[Any])


@dataclass(frozen=True)
class News(Generic[AnyWork]):
    """What changed of an owner's works after the version that was asked about; `ids`: of all there are now.

    Both newest first.
    """

    version: int
    works: tuple[AnyWork, ...]
    ids: tuple[str, ...]


class Roster(Generic[AnyWork, AnyEntry]):
    """All works by id, each as an entry that `enter` makes of it. `tell(owner)` wakes who follows them.

    Versions rise over restarts as well, since they start at `now_seconds` in milliseconds, as those of the board.
    """

    def __init__(
        self,
        store: Store[AnyWork],
        enter: Callable[[AnyWork], AnyEntry],
        tell: Callable[[str], None],
        now_seconds: float,
    ) -> None:
        self._store, self._new, self._tell = store, enter, tell
        self._entries: dict[str, AnyEntry] = {}
        self._leaving: dict[
            str, AnyEntry
        ] = {}  # dropped, and the worker has not let go of them yet
        self._reading = threading.Lock()
        self._shown: dict[str, AnyWork] = {}
        self._first_version = int(now_seconds * 1000)
        self._versions: dict[str, int] = defaultdict(lambda: self._first_version)  # of owners
        # Of works: their owner's version that tells their last change.
        self._changed_at: dict[str, int] = {}
        self._unwritten: dict[str, AnyEntry] = {}
        self._stale: dict[str, AnyEntry] = {}  # changed quietly since they were written
        self._untold: set[str] = set()
        self._is_urgent = self._is_line_old = False
        self._told_at = self._written_at = self._failed_at = float("-inf")

    def load(self) -> None:
        """At start."""
        self._store.sweep()
        for work in self._store.load():
            self._enter(self._new(work))

    # ---- for any thread ------------------------------------------------------------------------------

    def snapshot(self, work_id: str, owner: str) -> AnyWork:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        with self._reading:
            work = self._shown.get(work_id)
        if work is None or work.owner != owner:
            raise NotFound(
                f"There is no such {self._store.form.noun}.", "It may have been deleted."
            )
        return work

    def has(self, work_id: str, owner: str) -> bool:
        """Whether there is such a work of this owner."""
        with self._reading:
            work = self._shown.get(work_id)
        return work is not None and work.owner == owner

    def snapshots(self) -> list[AnyWork]:
        """Those of everybody, newest first."""
        with self._reading:
            found = list(self._shown.values())
        return sorted(found, key=lambda one: one.created, reverse=True)

    def version(self, owner: str) -> int:
        """Rises with every change of this owner's works."""
        with self._reading:
            return self._versions[owner]

    def news(self, owner: str, since: int) -> News[AnyWork]:
        """What is newer than that version of this owner's; everything for one that is not of this server."""
        with self._reading:
            version = self._versions[owner]
            own = [one for one in self._shown.values() if one.owner == owner]
            is_known = self._first_version <= since <= version
            fresh = {
                one.id for one in own if not is_known or self._changed_at.get(one.id, 0) > since
            }
        own.sort(key=lambda one: one.created, reverse=True)
        changed = tuple(one for one in own if one.id in fresh)
        return News(version, changed, tuple(one.id for one in own))

    def ordered(self, owner: str, client_request_id: str) -> AnyWork | None:
        """What this owner has ordered under this id before."""
        if not client_request_id:
            return None
        own = (one for one in self.snapshots() if one.owner == owner)
        return next((one for one in own if one.client_request_id == client_request_id), None)

    # ---- for the desk --------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[AnyEntry]:
        return iter(list(self._entries.values()))

    def get(self, work_id: str) -> AnyEntry | None:
        return self._entries.get(work_id)

    def find(self, work_id: str, owner: str) -> AnyEntry:
        """Raises NotFound."""
        self.snapshot(work_id, owner)
        return self._entries[work_id]

    @property
    def at_worker(self) -> AnyEntry | None:
        """The one that the worker has, also when it was dropped."""
        known = [*self._entries.values(), *self._leaving.values()]
        return next((one for one in known if one.is_at_worker), None)

    def add(self, work: AnyWork) -> AnyEntry:
        """A new one, which is on the disk already."""
        entry = self._new(work)
        self._enter(entry)
        self._changed(entry, is_urgent=True)
        return entry

    def change(self, entry: AnyEntry, *, quietly: bool = False, **changes: Any) -> None:
        """Replaces fields. `quietly`: passing things such as steps, told and written now and then."""
        entry.work = replace(cast(Any, entry.work), **changes)
        if self._entries.get(entry.id) is not entry:
            return  # it was deleted meanwhile
        self._enter(entry)
        (self._stale if quietly else self._unwritten)[entry.id] = entry
        self._changed(entry, is_urgent=not quietly)

    def drop(self, entry: AnyEntry) -> None:
        """Nothing of it is shown or written from now on."""
        for kept in (self._entries, self._unwritten, self._stale):
            kept.pop(entry.id, None)
        if entry.is_at_worker:
            self._leaving[entry.id] = entry
        with self._reading:
            self._shown.pop(entry.id, None)
            self._changed_at.pop(entry.id, None)
        self._changed(entry, is_urgent=True)

    def left(self, work_id: str) -> AnyEntry | None:
        """The worker has let go of one that was dropped."""
        return self._leaving.pop(work_id, None)

    def line(self) -> list[AnyEntry]:
        """Those that wait, in their order: nobody's second one before somebody's first."""
        waiting = [one for one in self if one.is_waiting or one.is_prepared]
        turns: dict[str, int] = defaultdict(int)
        for entry in self if waiting else ():
            turns[entry.work.owner] += entry.work.state == RUNNING
        places = {}
        for entry in sorted(waiting, key=lambda one: (one.work.created, one.id)):
            places[entry.id] = turns[entry.work.owner]
            turns[entry.work.owner] += 1
        return sorted(waiting, key=lambda one: (places[one.id], one.work.created, one.id))

    def flush(self, now_seconds: float) -> float:
        """Writes and tells what is due. Returns the seconds until it wants to be called again."""
        if self._is_line_old:
            self._number()
        if now_seconds - self._written_at > SAVED_SECONDS:
            self._unwritten |= self._stale
        if self._unwritten and now_seconds - self._failed_at > RETRY_SECONDS:
            self._write(now_seconds)
        if self._untold and (self._is_urgent or now_seconds - self._told_at > QUIET_SECONDS):
            owners, self._untold = self._untold, set()
            self._told_at, self._is_urgent = now_seconds, False
            for owner in owners:
                self._tell(owner)
        return QUIET_SECONDS if self._untold else RETRY_SECONDS

    def _number(self) -> None:
        """Gives each its place in the line."""
        places = {entry.id: place for place, entry in enumerate(self.line(), start=1)}
        for entry in self:
            if entry.work.position != places.get(entry.id):
                self.change(entry, quietly=True, position=places.get(entry.id))
        self._is_line_old = False

    def _write(self, now_seconds: float) -> None:
        for entry in list(self._unwritten.values()):
            try:
                self._store.save(entry.work)
            except DiskFull as error:  # what runs goes on; the next flush tries again
                LOG.error("%s Trying again.", error.message)
                self._failed_at = now_seconds
                return
            self._unwritten.pop(entry.id)
            self._stale.pop(entry.id, None)
        self._written_at = now_seconds

    def _enter(self, entry: AnyEntry) -> None:
        self._entries[entry.id] = entry
        with self._reading:
            self._shown[entry.id] = entry.work

    def _changed(self, entry: AnyEntry, *, is_urgent: bool) -> None:
        with self._reading:
            self._versions[entry.work.owner] += 1
            if entry.id in self._shown:
                self._changed_at[entry.id] = self._versions[entry.work.owner]
        self._untold.add(entry.work.owner)
        self._is_line_old = True
        self._is_urgent |= is_urgent
