"""What the worker says of a training: stages, steps, samples, kept weights, rests, ends; and its death under one."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.errors import DiskFull, StudioError, WorkerDied
from pipelines.finetune.desk.losses import added
from pipelines.finetune.desk.roster import Entry
from pipelines.finetune.desk.runner import (
    CLOSE,
    MAKE_ROOM,
    PAUSE,
    RESUME,
    Means,
    Runner,
)
from pipelines.finetune.planning.demands import disk_bytes
from pipelines.finetune.training import Mark, Training
from pipelines.manager.space import lacking
from pipelines.output.disk import failures_named, rewrite
from pipelines.worker.finetune.messages import (
    RestTraining,
    TrainingDone,
    TrainingDropped,
    TrainingFailed,
    TrainingMark,
    TrainingProgress,
    TrainingRested,
    TrainingSample,
    TrainingStage,
)
from pipelines.worker.supervisor import Death
from pipelines.works.work import QUEUED, RUNNING

ATTEMPTS_WITHOUT_A_STEP = 2
ATTEMPTS = 5  # with steps, none of which had not been taken before
SAMPLES = "samples"
WEBP: dict[str, Any] = {"format": "WEBP", "quality": 92, "method": 4}
NO_ROOM = DiskFull.code  # what is kept is whole, so it can go on once there is room


class Hearing:
    """Used on the desk thread only."""

    def __init__(self, means: Means, runner: Runner) -> None:
        self._means, self._roster, self._runner = means, means.roster, runner
        self._takes: dict[type[Any], Callable[[Entry, Any], None]] = {
            TrainingStage: self._stage,
            TrainingProgress: self._progress,
            TrainingSample: self._sample,
            TrainingMark: self._mark,
            TrainingRested: self._rested,
            TrainingDone: self._done,
            TrainingFailed: self._failed,
        }

    def heard(self, message: Any) -> None:
        """What is of no training at the worker is too late and is dropped."""
        if isinstance(message, TrainingDropped):
            self._dropped(message.training_id)
            return
        entry = self._roster.get(getattr(message, "training_id", ""))
        take = self._takes.get(type(message))
        if entry is not None and entry.is_at_worker and take is not None:
            take(entry, message)

    # ---- under way -----------------------------------------------------------------------------------

    def _stage(self, entry: Entry, message: TrainingStage) -> None:
        if not entry.asked:
            self._roster.change(entry, quietly=True, stage=message.text)

    def _progress(self, entry: Entry, message: TrainingProgress) -> None:
        training = entry.training
        losses = added(training.losses, message.step, message.loss)
        seconds = message.step_seconds if math.isfinite(message.step_seconds) else 0.0
        entry.has_stepped = True
        _time_mark(entry, seconds, time.monotonic())
        changes: dict[str, Any] = {
            "step": message.step,
            "losses": losses,
            "step_seconds": seconds or training.step_seconds,
            "eta_seconds": _eta(entry, message.step, seconds) if seconds else None,
        }
        if training.attempt and losses != training.losses:
            self._roster.change(entry, attempt=0)  # further than ever: it was not at fault
        self._roster.change(entry, quietly=True, **changes)

    def _sample(self, entry: Entry, message: TrainingSample) -> None:
        folder, step = self._means.store.folder(entry.id), message.step
        paths = [
            sample_path(folder, step, n) for n in range(len(entry.training.plan.sample_prompts))
        ]

        def written(is_whole: bool | None, error: StudioError | None) -> None:
            shown = entry.training.sampled_steps
            if is_whole and step not in shown:
                self._roster.change(entry, sampled_steps=tuple(sorted((*shown, step))))

        self._means.hands.do(lambda: _write(message, paths), written)

    def _mark(self, entry: Entry, message: TrainingMark) -> None:
        mark = Mark(
            step=message.step,
            file=Path(message.file).name,
            held_out_loss=_finite(message.held_out_loss),
            similarity=_finite(message.similarity),
        )
        others = [one for one in entry.training.marks if one.step != mark.step]
        marks = tuple(sorted((*others, mark), key=lambda one: one.step))
        self._means.worker.job_finished()
        self._roster.change(entry, marks=marks)
        full = lacking((self._means.disk,), self._next_bytes(entry.training))
        if full and not entry.asked:
            entry.asked = PAUSE
            self._means.worker.send(RestTraining(entry.id))
            self._roster.change(entry, error=DiskFull(full, MAKE_ROOM).as_dict())

    def _next_bytes(self, training: Training) -> int:
        """What it writes until the next mark."""
        plan = replace(training.plan, steps=training.plan.sample_every, prior_pictures=0)
        return disk_bytes(plan, self._means.size_name(plan.checkpoint, training.family), 0)

    # ---- ends ----------------------------------------------------------------------------------------

    def _rested(self, entry: Entry, message: TrainingRested) -> None:
        asked = self._came_back(entry)
        if asked == PAUSE:
            self._roster.change(entry, step=message.step)
            self._runner.rest(entry, entry.training.error)
            return
        # Nobody asked: it has made room for pictures.
        entry.needs_quiet = asked not in (RESUME, CLOSE)
        self._wait_again(entry, step=message.step)

    def _done(self, entry: Entry, message: TrainingDone) -> None:
        self._came_back(entry)
        best = message.best_step
        self._roster.change(entry, step=message.step, best_step=best, eta_seconds=None)
        self._means.worker.job_finished()
        self._runner.publish(entry, best)

    def _failed(self, entry: Entry, message: TrainingFailed) -> None:
        self._came_back(entry)
        if message.error.get("code") == NO_ROOM:
            self._runner.rest(entry, message.error)
        else:
            self._runner.failed(entry, message.error)

    def _dropped(self, training_id: str) -> None:
        entry = self._roster.left(training_id)
        if entry is not None:
            entry.is_at_worker = False
            self._runner.clear(entry)

    def worker_died(self, death: Death) -> bool | None:
        """Has it wait again. Whether a new process will likely die of it as well; None: it had no training."""
        entry = self._roster.at_worker
        if entry is None:
            return None
        if self._roster.left(entry.id):
            entry.is_at_worker = False
            self._runner.clear(entry)
            return False
        attempt = entry.training.attempt + 1
        most = ATTEMPTS if entry.has_stepped else ATTEMPTS_WITHOUT_A_STEP
        asked = self._came_back(entry)
        if asked == PAUSE:
            self._runner.rest(entry, entry.training.error)
        elif attempt >= most:
            self._roster.change(entry, attempt=attempt)
            self._runner.fail(entry, _died(death.why, death.exit_code))
            return True
        else:
            self._wait_again(entry, attempt=attempt)
        return False

    def recover(self) -> None:
        """At start: what ran when the last server ended waits again, and goes on from what is kept."""
        for entry in self._roster:
            if entry.training.state != RUNNING:
                continue
            attempt = entry.training.attempt + 1
            self._wait_again(entry, attempt=attempt)
            if attempt >= ATTEMPTS:
                self._runner.fail(entry, _died("The server ended while this training ran."))

    def put_back(self) -> None:
        """At the end of the server: what the worker still has goes on after the next start."""
        entry = self._roster.at_worker
        if entry is None:
            return
        self._came_back(entry)
        if self._roster.left(entry.id):
            self._runner.clear(entry)
        else:
            self._wait_again(entry)

    def _came_back(self, entry: Entry) -> str:
        """The worker has it no more; what it had been asked."""
        asked, entry.asked, entry.is_at_worker = entry.asked, "", False
        return asked

    def _wait_again(self, entry: Entry, **changes: Any) -> None:
        passing: dict[str, Any] = {"stage": "", "eta_seconds": None}
        self._roster.change(entry, state=QUEUED, **passing, **changes)


def sample_path(folder: Path, step: int, index: int) -> Path:
    return folder / SAMPLES / f"{step:06}-{index}.webp"


def _write(message: TrainingSample, paths: Sequence[Path]) -> bool:
    """On the hands' thread: whether all of its step are there now. Raises DiskFull."""
    pixels, stream = message.pixels, io.BytesIO()
    image = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data)
    image.save(stream, **WEBP)
    path = paths[message.index]
    with failures_named(path.parent):
        rewrite(path, stream.getvalue())
    return all(one.exists() for one in paths)


def _time_mark(entry: Entry, step_seconds: float, now_seconds: float) -> None:
    """Between the step that is kept and the next one lies what keeping takes; pictures may lie there as well."""
    before, entry.stepped_at = entry.stepped_at, now_seconds
    training = entry.training
    is_kept = training.step and training.step % (training.plan.sample_every or 1) == 0
    if before is not None and is_kept:
        taken = max(0.0, now_seconds - before - step_seconds)
        entry.mark_seconds = min(taken, entry.mark_seconds or taken)


def _eta(entry: Entry, step: int, step_seconds: float) -> float:
    """Until the last step is kept, if no picture comes."""
    steps, every = entry.training.steps, entry.training.plan.sample_every or 1
    marks = -(-steps // every) - step // every
    return round(max(0, steps - step) * step_seconds + marks * (entry.mark_seconds or 0.0), 1)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _died(why: str, exit_code: int | None = None) -> WorkerDied:
    return WorkerDied(
        f"{why} It has happened again and again under this training, which got no further.",
        "Choose a smaller resolution, or let it go on if it was not the cause; nothing is lost.",
        exit_code=exit_code,
    )
