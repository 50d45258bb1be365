"""Makes what is due: submits jobs, hears of their ends, goes on with the next step, also after a restart.

Everything that is begun is written down before, and every job has a ticket that names its attempt. So whenever the
server ends, the next one knows what was under way, and the same attempt is never made twice.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from pipelines.errors import NotFound, Refused, StudioError, UploadError
from pipelines.job import CANCELLED, ENDED_STATES, Job
from pipelines.projects import changes, tools
from pipelines.projects.orders import order, settled_request, ticket
from pipelines.projects.pictures import Pictures
from pipelines.projects.project import (
    FAILED,
    RUNNING,
    Attempt,
    Place,
    Project,
    Result,
    Step,
    due,
    made_by,
    place_of,
    under_way,
)
from pipelines.projects.store import Store
from pipelines.request import Request

LOG = logging.getLogger(__name__)

LOCKS = 64  # projects share them by their ids
HANDS = 2  # threads that take in results and use tools
PAUSE_SECONDS = 10.0  # after a fault, such as a disk without room
TRY_AGAIN = "Try it again."

Change = Callable[[Project], Project]
Key = tuple[str, str]  # of a project: its id and its owner


class Jobs(Protocol):
    """What is asked of the manager."""

    def submit(self, request: Request, owner: str, client_request_id: str = "") -> Job: ...

    def job(self, job_id: str, owner: str) -> Job: ...

    def cancel(self, job_id: str, owner: str) -> Job: ...


@dataclass(frozen=True)
class Means:
    """What the work is done with. `tell(owner)`: something in this owner's projects is new."""

    jobs: Jobs
    pictures: Pictures
    tools: tools.Tools
    tell: Callable[[str], None]
    clock: Callable[[], float]


class Runner:
    """The one writer of projects that exist. May be asked from any thread."""

    def __init__(self, store: Store, means: Means) -> None:
        self._store, self._means = store, means
        self._locks = [threading.RLock() for _ in range(LOCKS)]
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="projects")
        self._awaited: dict[str, Key] = {}  # by the id of a job
        self._is_stopped = False

    def start(self) -> None:
        """Goes on with whatever was under way; does not wait."""
        self._later(None, self._resume)

    def stop(self) -> None:
        """Returns when what was in hand is done; the rest is for the next start."""
        self._is_stopped = True
        self._hands.shutdown(wait=True, cancel_futures=True)

    def update(self, key: Key, change: Change, asked: str = "") -> Project:
        """Changes a project, and begins what is due then.

        Raises NotFound or DiskFull, and whatever `change` raises. If the step `asked` cannot be begun, that is raised
        and nothing has changed; of other steps it is written down.
        """
        with self._lock(key):
            old = self._store.get(*key)
            new, forsaken = changes.without_forsaken(change(old))
            place = None if new.trashed else due(new)
            if place:
                new = changes.begun(new, place)
            if new == old:
                return old
            new = replace(new, changed=self._means.clock())
            self._store.save(new)
            if place:
                new = self._begin(new, place_of(new, place.step.id), old, asked)
        for job_id in forsaken:
            with contextlib.suppress(StudioError):  # it may be over, or forgotten
                self._means.jobs.cancel(job_id, new.owner)
        self._means.tell(new.owner)
        return new

    def heard(self, job: Job) -> None:
        """Of a job that changed; on the desk thread, so nothing is done here."""
        if job.state not in ENDED_STATES:
            return
        if key := self._awaited.get(job.id):
            self._later(key, lambda: self._take(job))

    # ---- beginning -----------------------------------------------------------------------------------

    def _begin(self, project: Project, place: Place, old: Project, asked: str) -> Project:
        """Begins the attempt that is written down."""
        step_id = place.step.id
        try:
            begun = self._submit(project, place)
        except StudioError as error:
            if step_id == asked:
                self._store.save(old)
                raise
            if isinstance(error, Refused):  # not now; the attempt begins anew later
                begun = changes.change(project, step_id, attempt=None)
                self._put_off((project.id, project.owner), error.retry_after_seconds)
            else:
                begun = changes.failed(project, step_id, error.as_dict())
        if begun != project:
            self._store.save(begun)
        return begun

    def _submit(self, project: Project, place: Place) -> Project:
        """Raises StudioError. A job that this attempt has already is found again."""
        key, step = (project.id, project.owner), place.step
        assert place.source is not None
        if step.tool:
            self._later(key, lambda: self._use(key, step.id))
            return project
        jobs = self._means.jobs
        job = jobs.submit(order(step, place.source), project.owner, ticket(project, step))
        self._awaited[job.id] = key
        with contextlib.suppress(NotFound):
            now = jobs.job(job.id, project.owner)
            if now.state in ENDED_STATES:  # before we waited for it
                self._later(key, lambda: self._take(now))
        return changes.settled(project, step.id, settled_request(step, job.request), job.id)

    # ---- ends ----------------------------------------------------------------------------------------

    def _take(self, job: Job) -> None:
        """Takes in what a job has come to."""
        key = self._awaited.get(job.id)
        if key is None:
            return
        now = self.update(key, lambda project: self._ended(project, job))
        if made_by(now, job.id) is None:  # else it may be queued again, and end well
            self._awaited.pop(job.id, None)

    def _ended(self, project: Project, job: Job) -> Project:
        step = made_by(project, job.id)
        if step is None:
            return project
        made = tuple(one.picture_id for one in job.pictures if one.picture_id)
        if job.state == CANCELLED or not made:
            state = CANCELLED if job.state == CANCELLED else FAILED
            return changes.failed(project, step.id, job.error, state)
        return self._finished(project, step, made)

    def _finished(self, project: Project, step: Step, made: tuple[str, ...]) -> Project:
        attempt = _attempt(step)
        try:
            image = self._means.pictures.take(made[0], project.owner)
        except (NotFound, UploadError) as error:
            return changes.failed(project, step.id, error.as_dict())
        result = Result(
            key=attempt.key, image=image, picture_id=made[0], pictures=made, job_id=attempt.job_id
        )
        return changes.finished(project, step.id, result)

    def _use(self, key: Key, step_id: str) -> None:
        """Uses the tool of a step, while others may change the project."""
        with self._lock(key):
            project = self._store.get(*key)
        place = place_of(project, step_id)
        if place.state != RUNNING or place.source is None:
            return
        try:
            end = self._used(place, place.source, project.owner)
        except StudioError as error:
            end = partial(changes.failed, step_id=step_id, error=error.as_dict())

        def ended(now: Project) -> Project:
            is_same = place_of(now, step_id).attempt == place.attempt
            return end(now) if is_same else now

        self.update(key, ended)

    def _used(self, place: Place, source: str, owner: str) -> Change:
        step, pictures = place.step, self._means.pictures
        try:
            picture = tools.use(step.tool or {}, pictures.open(source, owner), self._means.tools)
        except StudioError:
            raise
        except Exception as error:  # of whatever library the tool is made of
            LOG.exception("the tool %s failed", step.tool)
            raise StudioError(f"The tool failed: {type(error).__name__}: {error}.") from error
        result = Result(key=place.key, image=pictures.add(picture, owner))
        return partial(changes.finished, step_id=step.id, result=result)

    # ---- restarts ------------------------------------------------------------------------------------

    def _resume(self) -> None:
        self._store.sweep(self._means.clock())
        for project in self._store.all():
            key = (project.id, project.owner)
            attempts = [step.attempt for step in project.steps if step.attempt]
            self._awaited |= {one.job_id: key for one in attempts if one.job_id}
            if not project.trashed and (under_way(project) or due(project)):
                self._later(key, partial(self._go_on, key))

    def _go_on(self, key: Key) -> None:
        """Goes on with a project, whatever is known of its attempts."""
        for step in under_way(self._store.get(*key)):
            self._look_after(key, step)
        self.update(key, lambda project: project)

    def _look_after(self, key: Key, step: Step) -> None:
        job_id = _attempt(step).job_id
        if not job_id:
            self._begin_again(key, step.id)
            return
        try:
            job = self._means.jobs.job(job_id, key[1])
        except NotFound:
            self.update(key, lambda project: self._lost(project, step))
            return
        if job.state in ENDED_STATES:
            self._take(job)

    def _begin_again(self, key: Key, step_id: str) -> None:
        """Of an attempt it is not known whether it has a job."""
        with self._lock(key):
            project = self._store.get(*key)
            place = place_of(project, step_id)
            if place.state == RUNNING and not _attempt(place.step).job_id:
                self._begin(project, place, project, "")

    def _lost(self, project: Project, step: Step) -> Project:
        """Of a job that nobody remembers there may be pictures."""
        if made := self._means.pictures.made_by(_attempt(step).job_id):
            return self._finished(project, step, made)
        error = NotFound("The job of this step is no longer known.", TRY_AGAIN)
        return changes.failed(project, step.id, error.as_dict())

    # ---- threads -------------------------------------------------------------------------------------

    def _later(self, key: Key | None, work: Callable[[], None]) -> None:
        """Has it done by another thread. What fails for lack of room or the like is tried again later."""

        def guarded() -> None:
            try:
                work()
            except NotFound:
                return  # the project is gone meanwhile
            except Exception as error:
                LOG.error("a project could not go on: %s", error, exc_info=error)
                self._put_off(key, PAUSE_SECONDS)

        if not self._is_stopped:
            with contextlib.suppress(RuntimeError):  # it was stopped just now
                self._hands.submit(guarded)

    def _put_off(self, key: Key | None, seconds: float) -> None:
        """What could not go on goes on then."""
        again = partial(self._later, key, partial(self._go_on, key) if key else self._resume)
        timer = threading.Timer(seconds, again)
        timer.daemon = True  # the next start does it as well
        timer.start()

    def _lock(self, key: Key) -> threading.RLock:
        return self._locks[hash(key) % LOCKS]


def _attempt(step: Step) -> Attempt:
    assert step.attempt is not None
    return step.attempt
