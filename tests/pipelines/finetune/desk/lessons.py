"""Trainings for tests: pictures as uploads, plans of a few steps, and waiting for what becomes of them."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from pipelines import PipelineManager, Training
from tests.studio import OWNER, until

NUMBERS = itertools.count(1)
SHORT: dict[str, Any] = {
    "name": "Rex",
    "class_word": "dog",
    "steps": 6,
    "sample_every": 3,
    "resolution": 64,
    "rank": 2,
    "prior_pictures": 0,
    "sample_prompts": ["a red circle"],
}


def picture(number: int = 0, size: tuple[int, int] = (96, 80)) -> bytes:
    """A PNG unlike the others."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    box = (5 + 7 * number, 10, 30 + 7 * number, 40 + 3 * number)
    ImageDraw.Draw(image).ellipse(box, fill=(200, 30 * number % 256, 90))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def uploads(manager: PipelineManager, owner: str = OWNER, count: int = 5) -> list[str]:
    """Their ids."""
    return [manager.assets.add(picture(number), owner).id for number in range(count)]


def begin(
    manager: PipelineManager,
    owner: str = OWNER,
    *,
    script: str = "",
    pictures: int = 2,
    **plan: Any,
) -> Training:
    """A short training; `script`: words for tests/fake_training.py."""
    named = {"name": f"Rex {next(NUMBERS)}"}
    values = SHORT | named | {"sample_prompts": [f"a red circle {script}".strip()]} | plan
    images = [{"image": one} for one in uploads(manager, owner, pictures)]
    return manager.trainings.create(values, images, owner)


def in_state(
    manager: PipelineManager, training: Training, is_so: Callable[[Training], bool] | str
) -> Training:
    """Waits until the training is in this state, or until this is so of it."""

    def look() -> Training | None:
        now = manager.trainings.get(training.id, training.owner)
        is_there = now.state == is_so if isinstance(is_so, str) else is_so(now)
        return now if is_there else None

    found = until(manager, training.owner, look)
    assert isinstance(found, Training)
    return found


def folder(manager: PipelineManager, training: Training) -> Path:
    return manager.trainings.store.folder(training.id)
