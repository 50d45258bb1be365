"""What pictures need beside their requests: the files that the worker loads for them. Equal needs go there together."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.manager.extras import Extras
from pipelines.worker.messages import (
    CheckpointRef,
    ControlTask,
    GuideRef,
    ImagePromptTask,
    SourceTask,
)


@dataclass(frozen=True)
class Needs:
    """As in `Submit`."""

    checkpoint: CheckpointRef
    extras: Extras
    controls: tuple[ControlTask, ...] = ()
    image_prompts: tuple[ImagePromptTask, ...] = ()
    refiner: CheckpointRef | None = None
    source: SourceTask | None = None
    hires_checkpoint: CheckpointRef | None = None
    upscaler: GuideRef | None = None
