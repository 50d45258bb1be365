"""A job inside the worker: its pictures that wait, those under way, and the messages it ends with."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from functools import cached_property

from pipelines.request import Request
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.engine.task import Task
from pipelines.worker.engine.viewing import Viewer
from pipelines.worker.messages import (
    Applied,
    CheckpointRef,
    ControlTask,
    GuideRef,
    ImagePromptTask,
    PictureHeld,
    PictureTask,
    SourceTask,
    Submit,
)
from pipelines.worker.recipes.passes import SECOND, stage_of
from pipelines.worker.recipes.still import Baton, Enlarged
from pipelines.worker.weights.outfits import Outfit

Guided = ControlTask | ImagePromptTask | SourceTask
NO_OUTFIT = Outfit()


@dataclass(eq=False)
class Sheet:
    """A picture of a job, from its first step to its pixels; other checkpoints have it for a while on its way."""

    task: PictureTask
    viewer: Viewer | None = None
    applied: tuple[Applied, ...] = ()  # how much of each LoRA
    baton: Baton | Enlarged | None = None  # how far it was when a checkpoint handed it on

    @property
    def is_in_second_pass(self) -> bool:
        """Whether it goes on there."""
        return isinstance(self.baton, Enlarged) or self._came_from_there

    @cached_property
    def _came_from_there(self) -> bool:
        return stage_of(self.task.state) == SECOND

    def held(self, job_id: str, step: int, state: bytes) -> PictureHeld:
        """The word about a picture that goes on another time."""
        assert self.viewer is not None
        kept, seconds = self.viewer.kept(), self.viewer.seconds()
        return PictureHeld(job_id, self.task.index, step, state, kept, seconds)

    def paused(self, job_id: str) -> PictureHeld | None:
        """As after its latest step; None when it has taken none here."""
        last = self.viewer.last if self.viewer else None
        if last is None:
            return None
        return replace(self.held(job_id, last.step, last.state.to_bytes()), is_paused=True)


@dataclass(frozen=True)
class Needs:
    """What a picture goes on with: one checkpoint, what that is to wear, what is to guide it."""

    checkpoint: CheckpointRef
    patch: Patch = NO_PATCH
    outfit: Outfit = NO_OUTFIT
    controls: tuple[ControlTask, ...] = ()
    image_prompts: tuple[ImagePromptTask, ...] = ()
    source: SourceTask | None = None
    upscaler: GuideRef | None = None

    @property
    def guides(self) -> tuple[GuideRef, ...]:
        """The files of all that guides it and of what enlarges it, each once."""
        tasks: tuple[Guided, ...] = (*self.controls, *self.image_prompts)
        tasks += (self.source,) if self.source else ()
        files = [file for task in tasks for file in task.files]
        files += [self.upscaler] if self.upscaler else []
        return tuple(dict.fromkeys(files))


@dataclass(eq=False)
class WorkerJob:
    """One Submit under way. A picture that goes on with another checkpoint waits again, before those not begun."""

    submit: Submit
    waiting: deque[Sheet]
    request: Request = field(default_factory=Request)
    active: list[Task] = field(default_factory=list)
    is_cancelled: bool = False
    is_paused: bool = False
    stage: str = ""  # the last one that was told

    @property
    def needs(self) -> Needs:
        """Those of the next picture. What a job brings is made for the family of its first checkpoint."""
        submit, sheet = self.submit, self.waiting[0]
        checkpoint, baton = submit.checkpoint, sheet.baton
        upscaler = None if sheet.is_in_second_pass else submit.upscaler
        if sheet.is_in_second_pass:
            checkpoint = submit.hires_checkpoint or checkpoint
        elif isinstance(baton, Baton) and not baton.is_done:
            checkpoint, upscaler = submit.refiner or checkpoint, None
        elif baton and self.request_of(sheet).hires is None:  # only pixels are to be made
            return Needs(checkpoint, outfit=Outfit(submit.vae))
        if checkpoint.family != submit.checkpoint.family:  # it knows the latents, as the VAE does
            return Needs(checkpoint, outfit=Outfit(submit.vae if sheet.is_in_second_pass else None))
        outfit = Outfit(submit.vae, submit.embeddings)
        guides = (submit.controls, submit.image_prompts, submit.source)
        return Needs(checkpoint, Patch(submit.loras), outfit, *guides, upscaler)

    def request_of(self, sheet: Sheet) -> Request:
        """What one of its pictures is."""
        changes = sheet.task.changes
        return self.request.changed(changes) if changes else self.request

    @property
    def checkpoints(self) -> tuple[CheckpointRef, ...]:
        """All that it needs, one after another."""
        submit = self.submit
        others = (submit.refiner, submit.hires_checkpoint)
        return (submit.checkpoint, *(one for one in others if one))

    def hand_on(self, sheet: Sheet) -> None:
        """The picture waits for its next checkpoint."""
        begun = sum(1 for other in self.waiting if other.baton)
        self.waiting.insert(begun, sheet)

    @property
    def has_room(self) -> bool:
        """Whether one more of its pictures may develop beside the others: batch_size at once."""
        return bool(self.waiting) and len(self.active) < self.request.batch_size

    @property
    def is_over(self) -> bool:
        return not self.waiting and not self.active
