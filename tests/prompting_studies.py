"""What prompts mean, counted: pictures of the starter model, and what an independent judge names in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from pipelines.request import Request
from tests.editing_lab import SAMPLING, SIZE_PX, Edit, edited_together
from tests.pipelines.worker.workbench import Workbench
from training.starter.checker import Checker, name_all

STEPS = 12


def asking(prompt: str, **fields: Any) -> Request:
    """A resolved request of the starter's own size."""
    asked = Request(
        prompt=prompt,
        checkpoint="starter",
        width=SIZE_PX,
        height=SIZE_PX,
        sampling=replace(SAMPLING, steps=STEPS),
        clip_skip=1,
        seed=0,
    )
    return replace(asked, **fields)


def drawn(bench: Workbench, prompt: str, pictures: int, **fields: Any) -> list[np.ndarray]:
    """Pictures of the seeds 0, 1, 2 …, (height, width, 3) uint8, which share forwards."""
    asked = asking(prompt, **fields)
    edits = [Edit(replace(asked, seed=seed), seed=seed) for seed in range(pictures)]
    return edited_together(bench, edits)


def named(judge: Checker, pictures: list[np.ndarray], question: str) -> Counter[str]:
    """How often the judge names which "thing", "colour", "backdrop" or "style"."""
    return Counter(said[question] for said in name_all(judge, np.stack(pictures)))


def share(judge: Checker, pictures: list[np.ndarray], **right: str) -> float:
    """Of how many pictures all of these are true: thing="star", colour="blue"."""
    said = name_all(judge, np.stack(pictures))
    return float(np.mean([right.items() <= one.items() for one in said]))
