"""After a start: jobs that were under way when the last server ended wait again, at the head, once.

Pictures that reached the disk before the end are kept, whether or not the queue had heard of them, and half-done ones
go on from there.
"""

from __future__ import annotations

from pipelines.errors import WorkerDied
from pipelines.job import DONE, HELD, PAUSED, QUEUED, RUNNING
from pipelines.manager.docket import Docket, Entry
from pipelines.manager.keeper import Keeper
from pipelines.manager.results import MAX_ATTEMPTS, Results
from pipelines.output.library import Library

REMEMBERED_SECONDS = 30 * 86_400.0  # an ended job; its pictures stay in the library


def recover(docket: Docket, results: Results, keeper: Keeper, library: Library) -> None:
    """Used on the desk thread before anything is sent to the worker."""
    long_ago = docket.clock() - REMEMBERED_SECONDS
    for entry in list(docket):
        if entry.job.finished is not None and entry.job.finished < long_ago:
            results.forget(entry)
    keeper.drafts.drop_others(entry.job.id for entry in docket)
    for entry in docket.open():
        _keep_what_is_there(docket, entry, library)
        # Some of it had come to rest; so it was being paused.
        entry.is_pausing = any(picture.state == PAUSED for picture in entry.job.pictures)
        if entry.job.state == RUNNING:
            _resume(docket, results, entry)
        results.settle(entry)  # all its pictures may be there


def _keep_what_is_there(docket: Docket, entry: Entry, library: Library) -> None:
    for picture in entry.job.pictures:
        if picture.state in (DONE, HELD):
            continue
        record = library.find(entry.job.id, entry.job.number_of(picture.index))
        if record is not None:
            docket.change_pictures(
                entry, [picture.index], state=DONE, picture_id=record.id, step=picture.steps
            )


def _resume(docket: Docket, results: Results, entry: Entry) -> None:
    is_unmade = any(picture.state in (QUEUED, RUNNING) for picture in entry.job.pictures)
    if is_unmade and entry.job.attempt + 1 >= MAX_ATTEMPTS:
        what = "The server ended twice while this job was running, so it is not tried again."
        results.fail(entry, WorkerDied(what, "Queue it again if it was not the cause."))
        return
    results.send_back(entry, attempt=entry.job.attempt + is_unmade)
