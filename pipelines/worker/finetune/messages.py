"""What the web process and the GPU process say to one another about trainings: plain values, no torch.

State and weights are written where they arise, by the worker, into the training's folder: `state.training` (all that
it takes to go on bit for bit), `steps/{name}-{step:06}.safetensors` (weights that any program can use), `prior/`
(pictures of the class). Everything else in that folder is the web process's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.worker.messages import CheckpointRef, Pixels


@dataclass(frozen=True)
class Lesson:
    """A picture that is taught: an RGB PNG of just the size that it is trained at, and its caption."""

    path: str
    caption: str
    is_held_out: bool = False


# ---- to the worker -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Train:
    """Begin, or go on from `state.training` if it is there. One at a time; pictures go first.

    `samples`: requests as Request.as_dict() that are drawn at step 0 and at each kept step, the trigger in their
    prompts; `priors`: those of the pictures of the class, each another seed. `metadata`: texts for the header of
    every file of weights, beside those that the worker knows best (rank, step, loss …).
    """

    training_id: str
    plan: dict[str, Any]  # Plan.as_dict(), settled
    checkpoint: CheckpointRef
    folder: str
    lessons: tuple[Lesson, ...]
    samples: tuple[dict[str, Any], ...] = ()
    priors: tuple[dict[str, Any], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class RestTraining:
    """Write the state and stop within a step; answered by TrainingRested, once the state is on disk."""

    training_id: str


@dataclass(frozen=True)
class FinishTraining:
    """Keep what there is at this step and end, as if it had been the last one."""

    training_id: str


@dataclass(frozen=True)
class DropTraining:
    """Stop at once and write nothing more into its folder; answered by TrainingDropped, after the last write."""

    training_id: str


# ---- from the worker -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrainingStage:
    training_id: str
    text: str


@dataclass(frozen=True)
class TrainingProgress:
    """`step` steps are done. `loss`: the mean over the steps since the last such message."""

    training_id: str
    step: int
    loss: float
    learning_rate: float
    step_seconds: float  # the median of the last ones


@dataclass(frozen=True)
class TrainingSample:
    """A sample picture of a step; `index` of Train.samples."""

    training_id: str
    step: int
    index: int
    pixels: Pixels


@dataclass(frozen=True)
class TrainingMark:
    """The weights of a step are kept under `steps/{file}`; see Mark."""

    training_id: str
    step: int
    file: str
    held_out_loss: float | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class TrainingRested:
    training_id: str
    step: int


@dataclass(frozen=True)
class TrainingDropped:
    training_id: str


@dataclass(frozen=True)
class TrainingDone:
    """The last step is done and kept. `best_step`: that of the lowest held-out loss, else the last one."""

    training_id: str
    step: int
    best_step: int


@dataclass(frozen=True)
class TrainingFailed:
    """What was kept until then stays."""

    training_id: str
    error: dict[str, Any]  # StudioError.as_dict()
