"""The engine: jobs come in, pictures go out. Says which picture starts when, and what is told about it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipelines.errors import OutOfMemory, RequestError, StudioError
from pipelines.request import Request
from pipelines.worker.device.choice import Device
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.delivery import pack
from pipelines.worker.engine.forwards import Forwards
from pipelines.worker.engine.jobs import Sheet, WorkerJob
from pipelines.worker.engine.kit import Kit, give_back, take
from pipelines.worker.engine.loop import Loop
from pipelines.worker.engine.task import Task
from pipelines.worker.engine.trials import Trials
from pipelines.worker.engine.viewing import Audience, Viewer
from pipelines.worker.finetune.trainings import Trainings
from pipelines.worker.finetune.workshop import Workshop
from pipelines.worker.messages import (
    Cancel,
    CheckpointRef,
    JobEnded,
    Launch,
    Pause,
    PictureDone,
    PictureFailed,
    PictureHeld,
    Probe,
    Probed,
    Stage,
    Submit,
    Unload,
)
from pipelines.worker.pulse import Pulse
from pipelines.worker.recipes.controlling import controls_of
from pipelines.worker.recipes.guiding import Guiding
from pipelines.worker.recipes.image_prompting import prompts_of
from pipelines.worker.recipes.starting import origin_of
from pipelines.worker.recipes.still import Baton, Brief, Developed, Enlarged, Held, leg
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model


@dataclass(frozen=True)
class Bench:
    """What the engine works with."""

    device: Device
    memory: Memory
    models: Models
    pulse: Pulse


class Engine:
    """Lives on the GPU thread. `send` takes the messages for the web process and returns at once."""

    def __init__(
        self,
        bench: Bench,
        launch: Launch,
        send: Callable[[Any], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bench, self._launch, self._send, self._clock = bench, launch, send, clock
        self._audience = Audience(send, clock, 1 / max(launch.previews_per_second, 0.01))
        self._forwards = Forwards(bench.device, bench.memory, bench.pulse, bench.models)
        self._loop = Loop(self._forwards)
        self._jobs: dict[str, WorkerJob] = {}  # oldest first
        self._trials = Trials(bench.models, self._loop, self._forwards)
        parts = (bench.device, bench.memory, bench.models, bench.pulse)
        self._trainings = Trainings(Workshop(*parts, self._loop, self._forwards, send, clock))
        self._loop.make_way = self._trainings.make_room
        self._active = 0
        bench.models.wanted = self._wanted

    def receive(self, message: Any) -> None:
        """Takes a message of the web process: Submit, Cancel, Pause, Unload, Probe, or of a training."""
        if isinstance(message, Submit):
            self._submit(message)
        elif isinstance(message, Cancel):
            self._cancel(message.job_id)
        elif isinstance(message, Pause):
            self._pause(message.job_id)
        elif isinstance(message, Unload):
            self._bench.models.unload(message.name)
        elif isinstance(message, Probe):
            self._probe(message)
        else:
            self._trainings.receive(message)

    def turn(self) -> bool:
        """Starts what may start, and runs one forward; a step of a training when no picture wants one.

        False: nothing to do until a message or a model comes.

        Raises Poisoned when the device is lost.
        """
        self._trials.start_those_ready()
        self._admit()
        if self._is_short_of_memory and self._trainings.make_room():
            return True
        has_worked = self._loop.turn()
        if not has_worked and not self._is_anyone_waiting:
            has_worked = self._trainings.turn()
        self._bench.pulse.loaded = self._bench.models.names
        self._bench.pulse.holders = self._bench.models.holders
        return has_worked

    def rest(self) -> None:
        """The process is to end: what a training has learned is written."""
        self._trainings.make_room()

    def try_out(self, checkpoint: CheckpointRef, on_end: Callable[[str], None]) -> None:
        """Loads a checkpoint and makes a tiny picture with it; then says what was wrong, or an empty string."""
        self._trials.add(checkpoint, on_end)

    @property
    def _is_anyone_waiting(self) -> bool:
        return self._trials.is_waiting or any(job.waiting for job in self._jobs.values())

    @property
    def _is_short_of_memory(self) -> bool:
        stages = [job.stage for job in self._jobs.values() if job.waiting]
        return self._trials.is_short_of_memory or "waiting for memory" in stages

    def _submit(self, submit: Submit) -> None:
        if submit.job_id in self._jobs:
            self._cancel(submit.job_id)
        job = WorkerJob(submit, deque(Sheet(task) for task in submit.pictures))
        self._jobs[submit.job_id] = job
        try:
            job.request = Request.from_dict(submit.request)
        except RequestError as error:
            self._fail_waiting(job, error)
        self._end_if_over(job)

    def _cancel(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is None:  # it ended while the message was on its way
            return
        job.is_cancelled = True
        job.waiting.clear()
        self._break_off(job)

    def _pause(self, job_id: str) -> None:
        """What of a step is computed by now is computed again when the picture goes on."""
        job = self._jobs.get(job_id)
        if job is None:
            return
        job.is_paused = True
        for sheet in job.waiting:  # for another checkpoint, or to begin
            self._say(sheet.paused(job_id))
        job.waiting.clear()
        self._break_off(job)

    def _break_off(self, job: WorkerJob) -> None:
        """Ends its pictures where they sleep."""
        for task in tuple(job.active):
            self._loop.cancel(task)
        self._end_if_over(job)

    def _admit(self) -> None:
        """Starts waiting pictures, oldest job first, as far as there is room for them and their models."""
        for job in tuple(self._jobs.values()):
            while job.has_room and self._active < self._launch.max_active_pictures:
                kit = self._kit(job)
                if kit is None:
                    break
                self._start(job, job.waiting.popleft(), kit)
            if job.waiting and job.stage.startswith("waiting"):
                return  # younger jobs must not take the memory that this one waits for

    def _kit(self, job: WorkerJob) -> Kit | None:
        """What the job's next picture develops with; None while it has to wait for some of it."""
        try:
            kit, stage = take(self._bench.models, job.needs)
        except OutOfMemory as error:
            if self._trainings.make_room():
                return self._kit(job)
            self._fail_waiting(job, error)
            return None
        except StudioError as error:
            self._fail_waiting(job, error)
            return None
        if stage != job.stage:
            job.stage = stage
            self._send(Stage(job.submit.job_id, stage))
        return kit

    def _start(self, job: WorkerJob, sheet: Sheet, kit: Kit) -> None:
        """One leg of a picture: to its end, or to where another checkpoint goes on with it."""
        if sheet.viewer is None:
            sheet.viewer = Viewer(job.submit.job_id, sheet.task.index, kit.model, self._audience)
            sheet.applied = kit.applied
        task = sheet.task
        brief = Brief(
            job.request_of(sheet),
            task.seed,
            task.state,
            job.submit.hold_after_steps,
            kit.needs.patch,
            Guiding(
                controls_of(kit.needs.controls, kit.guides),
                prompts_of(kit.needs.image_prompts, kit.guides),
            ),
            origin_of(kit.needs.source, kit.guides),
            kit.guides[kit.needs.upscaler] if kit.needs.upscaler else None,
        )
        coroutine = Task(
            partial(leg, brief, kit.model, sheet.baton, sheet.viewer.look),
            partial(self._leg_ended, job, sheet, kit),
            is_exact=job.request.exact or self._launch.exact,
            patch=kit.needs.patch,
        )
        job.active.append(coroutine)
        self._active += 1
        self._loop.start(coroutine)

    def _leg_ended(self, job: WorkerJob, sheet: Sheet, kit: Kit, task: Task) -> None:
        job.active.remove(task)
        self._active -= 1
        give_back(self._bench.models, kit)
        if isinstance(task.result, Baton | Enlarged):
            sheet.baton = task.result
            job.hand_on(sheet)
            return
        self._say(self._last_words(job, sheet, kit.model, task))
        self._end_if_over(job)

    def _say(self, message: PictureFailed | PictureHeld | PictureDone | None) -> None:
        if message is not None:
            self._send(message)

    def _last_words(
        self, job: WorkerJob, sheet: Sheet, model: Model, task: Task
    ) -> PictureFailed | PictureHeld | PictureDone | None:
        job_id, index = job.submit.job_id, sheet.task.index
        viewer, error = sheet.viewer, task.error
        if task.fault:
            error = self._forwards.explain(task.fault)
        if error:
            return PictureFailed(job_id, index, error.as_dict())
        if isinstance(task.result, Held):
            return sheet.held(job_id, task.result.step, task.result.state)
        if isinstance(task.result, Developed) and viewer:
            return PictureDone(
                job_id,
                index,
                pack(task.result.pixels),
                viewer.kept(),
                viewer.seconds(),
                str(model.device),
                str(model.dtype).removeprefix("torch."),
                sheet.applied,
            )
        return sheet.paused(job_id) if job.is_paused else None  # it was interrupted

    def _fail_waiting(self, job: WorkerJob, error: StudioError) -> None:
        while job.waiting:
            index = job.waiting.popleft().task.index
            self._send(PictureFailed(job.submit.job_id, index, error.as_dict()))
        self._end_if_over(job)

    def _end_if_over(self, job: WorkerJob) -> None:
        if job.is_over and self._jobs.get(job.submit.job_id) is job:
            del self._jobs[job.submit.job_id]
            self._send(JobEnded(job.submit.job_id, job.is_cancelled))

    def _wanted(self) -> Sequence[CheckpointRef]:
        asked = [checkpoint for job in self._jobs.values() for checkpoint in job.checkpoints]
        return [*asked, *self._trainings.checkpoints]

    def _probe(self, probe: Probe) -> None:
        began = self._clock()

        def answer(problem: str) -> None:
            self._send(Probed(probe.nonce, not problem, self._clock() - began, problem))

        checkpoint = self._bench.models.newest or self._launch.warm_up
        if checkpoint is None:
            answer("No checkpoint is loaded.")
        else:
            self.try_out(checkpoint, answer)
