"""What comes back for a job: steps, previews, pictures, drafts, failures, and the death of the process under it.

Every way in which a job can end leads through `settle`.
"""

from __future__ import annotations

from typing import Any

from pipelines.errors import StateDamaged, StudioError, WorkerDied
from pipelines.job import (
    CANCELLED,
    DONE,
    DROPPED,
    FAILED,
    HELD,
    PAUSED,
    QUEUED,
    RESTING_STATES,
    RUNNING,
)
from pipelines.manager.bench import Bench, Part
from pipelines.manager.docket import Docket, Entry
from pipelines.manager.gpu import Gpu
from pipelines.manager.keeper import Keeper
from pipelines.manager.verifying import Comparison
from pipelines.output.record import NewPicture
from pipelines.worker.messages import (
    JobEnded,
    Pause,
    PictureDone,
    PictureFailed,
    PictureHeld,
    Progress,
    Stage,
)
from pipelines.worker.supervisor import Death

MAX_ATTEMPTS = 2
UNFINISHED = {QUEUED, RUNNING, HELD, PAUSED}  # pictures of a job that is cancelled
DEVELOPING, SAVING, COMPARING = "developing", "saving", "comparing"
CANCELLING, PAUSING = "cancelling", "pausing"


class Results:
    """Used on the desk thread only; `preview` may be asked from any thread."""

    def __init__(self, docket: Docket, bench: Bench, keeper: Keeper, gpu: Gpu) -> None:
        self._docket, self._bench, self._keeper, self._gpu = docket, bench, keeper, gpu
        self._previews: dict[tuple[str, int], bytes] = {}

    def preview(self, job_id: str, index: int) -> bytes | None:
        """The latest JPEG of a picture that develops, is held or paused."""
        return self._previews.get((job_id, index)) or self._keeper.drafts.preview(job_id, index)

    @property
    def backlog(self) -> int:
        """Finished pictures that wait for the disk."""
        return self._keeper.backlog

    # ---- words of the worker -------------------------------------------------------------------------

    def heard(self, message: Any, now_seconds: float) -> None:
        """Takes a word about a part at the worker; what concerns no such part is too late and is dropped."""
        part = self._bench.get(getattr(message, "job_id", ""))
        if part is None:
            return
        if not part.is_touched:
            part.is_touched = True
            self._begun(part.entry)
        match message:
            case Stage():
                self._show_stage(part.entry, message.text)
            case JobEnded():
                self._ended(part, is_cancelled=message.cancelled)
            case Progress() if message.index in part.left:
                self._progressed(part, message, now_seconds)
            case PictureDone() if message.index in part.left:
                part.left.discard(message.index)
                self._done(part, message)
            case PictureHeld() if message.index in part.left:
                part.left.discard(message.index)
                self._held(part.entry, message)
            case PictureFailed() if message.index in part.left:
                part.left.discard(message.index)
                part.entry.under_way.discard(message.index)
                if message.error["code"] == StateDamaged.code:  # another try begins anew
                    self._keeper.drafts.drop(part.entry.job.id, [message.index])
                self._failed(part.entry, message.index, message.error)

    def _begun(self, entry: Entry) -> None:
        """Until here the part lay at the worker and waited."""
        if entry.job.state == QUEUED and not entry.is_stopping:
            started = entry.job.started or self._docket.clock()
            self._docket.change(entry, state=RUNNING, started=started, position=None)

    def _show_stage(self, entry: Entry, text: str) -> None:
        if entry.job.stage != text and not entry.is_stopping:
            self._docket.change(entry, quietly=True, stage=text)

    def _progressed(self, part: Part, message: Progress, now_seconds: float) -> None:
        entry, index = part.entry, message.index
        rate = self._bench.step(part, index, message.step, now_seconds)
        changes: dict[str, Any] = {"state": RUNNING, "step": message.step, "steps": message.steps}
        if message.preview is not None:
            self._previews[entry.job.id, index] = message.preview
            changes["preview_seq"] = entry.job.pictures[index].preview_seq + 1
        self._docket.change_pictures(entry, [index], quietly=True, **changes)
        self._show_stage(entry, DEVELOPING)
        if rate is None:
            return
        self._docket.change(entry, quietly=True, steps_per_second=rate)
        if not entry.waiting:  # else the forecast knows better
            eta_seconds = self._bench.seconds_until(entry, index, rate)
            self._docket.change(entry, quietly=True, eta_seconds=round(eta_seconds, 1))

    def _done(self, part: Part, message: PictureDone) -> None:
        entry, index = part.entry, message.index
        job = entry.job
        entry.under_way.discard(index)
        steps = job.pictures[index].steps
        self._docket.change_pictures(entry, [index], quietly=True, step=steps)
        picture = NewPicture(
            owner=job.owner,
            job_id=job.id,
            index=index,
            number=job.number_of(index),
            client_request_id=entry.record.client_request_id,
            request=job.request_of(index),
            pixels=message.pixels.data,
            width=message.pixels.width,
            height=message.pixels.height,
            checkpoint=part.checkpoint,
            **part.extras._asdict(),
            kept=message.kept,
            seconds=message.seconds,
            device=message.device,
            dtype=message.dtype,
            applied=message.applied,
        )
        self.save(entry, picture)

    def save(self, entry: Entry, picture: NewPicture) -> None:
        """Hands a finished picture to the disk; it counts as done when it is there."""
        index = picture.index
        entry.saving.add(index)
        if entry.job.verifies:
            self._verify(entry, picture, entry.job.verifies)
            return

        def saved(picture_id: str, error: StudioError | None) -> None:
            entry.saving.discard(index)
            if error is not None:
                self._failed(entry, index, error.as_dict())
            else:
                self._gpu.job_finished()
                self._previews.pop((entry.job.id, index), None)
                self._docket.change_pictures(entry, [index], state=DONE, picture_id=picture_id)
            self.settle(entry)

        self._keeper.save(picture, saved)
        if not entry.under_way and not entry.waiting:
            self._show_stage(entry, SAVING)

    def _verify(self, entry: Entry, picture: NewPicture, picture_id: str) -> None:
        index = picture.index

        def compared(found: Comparison | None, error: StudioError | None) -> None:
            entry.saving.discard(index)
            if error is not None:
                self._failed(entry, index, error.as_dict())
            elif found is not None:
                self._gpu.job_finished()
                self._docket.change_pictures(entry, [index], state=DONE)
                self._docket.change(entry, verdict=found.as_dict())
            self.settle(entry)

        self._keeper.compare(picture, picture_id, compared)
        self._show_stage(entry, COMPARING)

    def _held(self, entry: Entry, message: PictureHeld) -> None:
        index = message.index
        entry.under_way.discard(index)
        entry.saving.add(index)

        def written(_: str, error: StudioError | None) -> None:
            entry.saving.discard(index)
            if error is not None:
                self._lost(entry, message, error)
            else:
                self._gpu.job_finished()
                paused = PAUSED if entry.is_pausing else QUEUED  # it may go on already
                state = paused if message.is_paused else HELD
                self._docket.change_pictures(entry, [index], state=state, step=message.step)
                self._wait_again(entry)
            self.settle(entry)

        preview = self._previews.get((entry.job.id, index))
        self._keeper.hold(message, entry.job.id, preview, written)

    def _lost(self, entry: Entry, message: PictureHeld, error: StudioError) -> None:
        """A half-done picture could not be written: one that was paused begins anew when it goes on."""
        if message.is_paused:
            self._docket.change_pictures(entry, [message.index], state=QUEUED, step=0)
        else:
            self._failed(entry, message.index, error.as_dict())

    def _failed(self, entry: Entry, index: int, error: dict[str, Any]) -> None:
        self._docket.change_pictures(entry, [index], state=FAILED)
        self._docket.change(entry, error=entry.job.error or error)

    def _ended(self, part: Part, *, is_cancelled: bool) -> None:
        entry = part.entry
        self._bench.take(part)
        entry.is_cancelling |= is_cancelled
        if part.is_pausing:
            self._given_back(part)
        elif part.left and not entry.is_cancelling:
            why = StudioError("The GPU process ended this job without a word about every picture.")
            for index in part.left:
                self._failed(entry, index, why.as_dict())
        self.settle(entry)

    # ---- pause ---------------------------------------------------------------------------------------

    def ask_back(self, part: Part) -> None:
        """Has the worker stop these pictures and send what there is of them."""
        part.is_pausing = True
        self._gpu.send(Pause(part.id))

    def _given_back(self, part: Part) -> None:
        """Of a part that was asked back, the pictures that had taken no step are as they were before."""
        entry = part.entry
        shown = [index for index in part.left if entry.job.pictures[index].state == RUNNING]
        self._docket.change_pictures(entry, shown, state=QUEUED, step=0)
        self._wait_again(entry)

    def _wait_again(self, entry: Entry) -> None:
        if entry.job.state == RUNNING and entry.waiting and not entry.under_way:
            self._docket.change(entry, state=QUEUED, steps_per_second=None)

    def _pause(self, entry: Entry) -> None:
        job = entry.job
        half = [p.index for p in job.pictures if p.state == QUEUED]
        half = [index for index in half if self._keeper.drafts.has(job.id, index)]
        self._docket.change_pictures(entry, half, state=PAUSED)
        self.end(entry, PAUSED)

    # ---- ends ----------------------------------------------------------------------------------------

    def settle(self, entry: Entry) -> None:
        """Ends the job when nothing of it waits, develops or is being saved any more."""
        if entry.under_way or entry.saving or entry.job.state not in (QUEUED, RUNNING):
            return
        states = {picture.state for picture in entry.job.pictures}
        if entry.is_cancelling:
            if states & UNFINISHED:
                self.cancel(entry)
                return
        elif entry.is_pausing and states & {QUEUED, PAUSED}:
            self._pause(entry)
            return
        if not entry.waiting:
            self.end(entry, HELD if HELD in states else FAILED if FAILED in states else DONE)

    def cancel(self, entry: Entry) -> None:
        """Ends a job of which nothing is under way."""
        unfinished = [p.index for p in entry.job.pictures if p.state in UNFINISHED]
        self._docket.change_pictures(entry, unfinished, state=CANCELLED)
        self.end(entry, CANCELLED)

    def end(self, entry: Entry, state: str) -> None:
        """Gives the job its last state, or `held` or `paused`; its drafts stay only where they may go on."""
        docket, job_id = self._docket, entry.job.id
        entry.is_cancelling = entry.is_pausing = False
        finished = None if state in RESTING_STATES else docket.clock()
        shown: dict[str, Any] = {
            "stage": "",
            "eta_seconds": None,
            "steps_per_second": None,
            "position": None,
        }
        docket.change(entry, state=state, finished=finished, **shown)
        if state not in RESTING_STATES:
            self._forget_previews(job_id)
        if state in (DONE, CANCELLED):
            self._keeper.drafts.drop_all(job_id)
        for surplus in docket.surplus(entry.job.owner):
            self.forget(surplus)

    def fail(self, entry: Entry, error: StudioError) -> None:
        """What is not on the disk yet will not be made."""
        unmade = [p.index for p in entry.job.pictures if p.state in (QUEUED, RUNNING)]
        unmade = [index for index in unmade if index not in entry.saving]
        self._docket.change_pictures(entry, unmade, state=FAILED)
        self._docket.change(entry, error=error.as_dict())
        self.settle(entry)

    def fail_some(self, entry: Entry, indexes: list[int], error: StudioError) -> None:
        """These pictures will not be made; the others go on."""
        for index in indexes:
            self._failed(entry, index, error.as_dict())
        self.settle(entry)

    def forget(self, entry: Entry) -> None:
        """The job is no longer remembered; its pictures stay in the library."""
        self._forget_previews(entry.job.id)
        self._keeper.drafts.drop_all(entry.job.id)
        self._keeper.unsaved(entry.job.id)
        self._docket.remove(entry)

    def _forget_previews(self, job_id: str) -> None:
        for key in [key for key in self._previews if key[0] == job_id]:
            del self._previews[key]

    def drop_drafts(self, entry: Entry, indexes: list[int]) -> None:
        """These drafts were not chosen."""
        for index in indexes:
            self._previews.pop((entry.job.id, index), None)
        self._keeper.drafts.drop(entry.job.id, indexes)
        self._docket.change_pictures(entry, indexes, state=DROPPED)

    # ---- death ---------------------------------------------------------------------------------------

    def worker_died(self, death: Death) -> bool:
        """Sends what was under way back to the queue, once; returns whether this death will likely repeat.

        A job that the process had not said a word about was still waiting there and is no suspect.
        """
        gone = self._bench.clear()
        parts = [part for part in gone if part.left]
        suspects = {part.entry for part in parts if part.is_touched} or {p.entry for p in parts}
        repeats = [entry for entry in suspects if entry.job.attempt + 1 >= MAX_ATTEMPTS]
        for entry in dict.fromkeys(part.entry for part in parts):
            if entry in repeats and not entry.is_cancelling:
                self.fail(entry, _died(death))
            else:
                self.send_back(entry, attempt=entry.job.attempt + (entry in suspects))
        for part in gone:
            self.settle(part.entry)  # of some, every picture had come before the end
        return bool(repeats) or not parts

    def send_back(self, entry: Entry, *, attempt: int) -> None:
        """The pictures that were at the worker wait again."""
        lost = [p.index for p in entry.job.pictures if p.state == RUNNING]
        lost = [index for index in lost if index not in entry.saving]
        self._docket.change_pictures(entry, lost, state=QUEUED, step=0)
        state = QUEUED if lost or entry.waiting else entry.job.state
        shown: dict[str, Any] = {"stage": "", "eta_seconds": None, "steps_per_second": None}
        self._docket.change(entry, state=state, attempt=attempt, **shown)
        self.settle(entry)


def _died(death: Death) -> WorkerDied:
    return WorkerDied(
        f"{death.why} It was the second time under this job, so the job is not tried again.",
        "Choose a smaller size or another checkpoint; the other jobs go on.",
        exit_code=death.exit_code,
    )
