"""What others see of a picture while it develops: progress, previews, the steps that are kept; and never NaN."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipelines.errors import NotFinite
from pipelines.worker.messages import KeptStep, Progress
from pipelines.worker.recipes.preview import colours_of, preview
from pipelines.worker.recipes.still import Look
from pipelines.worker.weights.loading import Model

MAX_KEPT = 30  # steps a picture
PROGRESS_SECONDS = 0.1  # more often nobody can see


@dataclass(frozen=True)
class Audience:
    """Who is told, and how often. `send` takes a message; `clock` counts seconds."""

    send: Callable[[Any], None]
    clock: Callable[[], float]
    preview_seconds: float


class Viewer:
    """Looks at one picture after every step."""

    def __init__(self, job_id: str, index: int, model: Model, audience: Audience) -> None:
        self._job_id, self._index, self._audience = job_id, index, audience
        self._colours = colours_of(model)
        self._is_cpu = model.device.type == "cpu"
        self._preview_due = self._progress_due = audience.clock()
        self._kept: list[tuple[int, float, Tensor]] = []
        self.began = audience.clock()
        self.last: Look | None = None  # the picture after its latest step

    def look(self, look: Look) -> None:
        """Raises NotFinite when the picture is lost."""
        self.last = look
        now, is_last = self._audience.clock(), look.step == look.steps
        is_preview_due = now >= self._preview_due and not is_last
        # Asking a GPU whether all is well makes it wait; there it is asked only when it has to wait anyhow.
        if (self._is_cpu or is_preview_due or is_last) and not _is_finite(look.x0):
            raise NotFinite(
                f"The picture turned into NaN or infinity at step {look.step} of {look.steps}.",
                "Try another sampler, a lower guidance scale, or --dtype float32.",
                step=look.step,
            )
        if is_kept(look.step, look.steps):
            self._kept.append((look.step, look.sigma, look.x0[0].to(torch.float16)))
        if is_preview_due or is_last or now >= self._progress_due:
            jpeg = preview(look.x0, self._colours) if is_preview_due else None
            self._audience.send(Progress(self._job_id, self._index, look.step, look.steps, jpeg))
            self._progress_due = now + PROGRESS_SECONDS
        if is_preview_due:
            self._preview_due = now + self._audience.preview_seconds

    def kept(self) -> tuple[KeptStep, ...]:
        """The kept steps, in order."""
        return tuple(
            KeptStep(
                step, sigma, (x0.shape[0], x0.shape[1], x0.shape[2]), x0.cpu().numpy().tobytes()
            )
            for step, sigma, x0 in self._kept
        )

    def seconds(self) -> float:
        """Since the picture began."""
        return self._audience.clock() - self.began


def is_kept(step: int, steps: int) -> bool:
    """Whether a step, counted from 1, is kept: all are, or MAX_KEPT spread evenly; the last one always."""
    count = min(steps, MAX_KEPT)
    return step * count // steps > (step - 1) * count // steps


def _is_finite(x0: Tensor) -> bool:
    return math.isfinite(
        float(x0.sum())
    )  # one NaN or infinity makes the sum one; five times faster
