"""Training: a Plan under way, as everyone outside sees it. Frozen snapshots."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.finetune.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Example:
    """One of the pictures that are taught. Its crop lies in `crops/{index:03}.png` of the training's folder."""

    index: int
    caption: str
    crop: tuple[int, int, int, int]  # x, y, width, height in px of the picture as it came
    size: tuple[int, int]  # width, height in px that it is trained at
    is_held_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A step whose weights are kept in `steps/{file}`, and what was measured there.

    `held_out_loss`: mean loss over the held-out pictures, at fixed timesteps and noise; None without any.
    `similarity`: of the samples to the training pictures nearest to them, 0 … 1; None without samples.
    """

    step: int
    file: str
    held_out_loss: float | None = None
    similarity: float | None = None


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of it: the name by which prompts call it, the word that it answers to, the step it is of."""

    name: str
    trigger: str
    step: int
    file: str  # its path under the folder of models


@dataclass(frozen=True, kw_only=True)
class Training:
    """A snapshot. All times are seconds since the epoch."""

    id: str
    owner: str
    state: str
    plan: Plan  # settled
    family: str  # of its checkpoint
    examples: tuple[Example, ...]
    created: float
    client_request_id: str = ""
    started: float | None = None
    finished: float | None = None
    position: int | None = None  # 1 = next; None when not queued
    step: int = 0
    stage: str = (
        ""  # what the worker does now, in words: "drawing 12 of 50 class pictures", "training"
    )
    step_seconds: float | None = None
    eta_seconds: float | None = None
    attempt: int = 0
    losses: tuple[
        tuple[int, float], ...
    ] = ()  # (step, mean loss of the steps since the one before)
    marks: tuple[Mark, ...] = ()
    sampled_steps: tuple[int, ...] = ()  # 0: the untrained checkpoint
    best_step: int | None = None
    made: Made | None = None
    error: dict[str, Any] | None = None  # StudioError.as_dict()
    warnings: tuple[str, ...] = field(default=())

    @property
    def steps(self) -> int:
        """Of its plan, which is settled."""
        return self.plan.steps or 0

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the owner stays out of it."""
        values = dataclasses.asdict(self) | {"plan": self.plan.as_dict(), "steps": self.steps}
        del values["owner"]
        return values


def best_of(marks: Sequence[Mark]) -> int | None:
    """The step of the lowest held-out loss, else the last one; None when none is kept."""
    measured = [mark for mark in marks if mark.held_out_loss is not None]
    if measured:
        return min(measured, key=lambda mark: mark.held_out_loss or 0.0).step
    return marks[-1].step if marks else None
