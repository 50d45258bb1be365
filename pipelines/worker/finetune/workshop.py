"""Workshop: what a training works with, and how it has pictures drawn: as tasks of the loop, like everybody's.

A training is a generator. It yields whenever pictures may go first: WORKED when there is more to do at once, WAITS when
nothing can be done until a file was read. `yield from` gives what a task was to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from torch import Tensor

from pipelines.request import Request
from pipelines.worker.device.choice import Device
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.batching import NO_PATCH
from pipelines.worker.engine.forwards import Forwards
from pipelines.worker.engine.jobs import Needs
from pipelines.worker.engine.kit import give_back, take
from pipelines.worker.engine.loop import Loop
from pipelines.worker.engine.task import Task
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.pulse import Pulse
from pipelines.worker.recipes.still import Brief, Developed, Look, still
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model

Result = TypeVar("Result")
WORKED, WAITS = True, False
Course = Generator[bool, None, Result]


@dataclass(frozen=True, eq=False)
class Workshop:
    """The engine's parts. `send` takes messages for the web process and returns at once."""

    device: Device
    memory: Memory
    models: Models
    pulse: Pulse
    loop: Loop
    forwards: Forwards
    send: Callable[[Any], None]
    clock: Callable[[], float]


def drawn(shop: Workshop, request: Request, needs: Needs) -> Course[Tensor]:
    """The picture of a resolved request: (height, width, 3), uint8. Raises StudioError.

    `needs`: the checkpoint; a file in training as `patch=Patch((LoraRef(…),))` or `outfit=Outfit(embeddings=(…,))`.
    """
    kit, _ = take(shop.models, needs)
    while kit is None:
        yield WAITS
        kit, _ = take(shop.models, needs)
    try:
        brief = Brief(request, request.seed or 0, patch=needs.patch)
        recipe = partial(still, brief, kit.model, _unseen)
        outcome = yield from done(shop, recipe, needs)
    finally:
        give_back(shop.models, kit)
    assert isinstance(outcome, Developed)
    return outcome.pixels


def leased(shop: Workshop, checkpoint: CheckpointRef) -> Course[Model]:
    """The checkpoint's model, which stays in memory until `models.release`. Raises ModelUnreadable or OutOfMemory."""
    while (model := shop.models.lease(checkpoint)) is None:
        yield WAITS
    return model


def done(
    shop: Workshop, recipe: Callable[[], Result], needs: Needs | None = None
) -> Course[Result]:
    """What a recipe returns that may ask at the gate, under the patch of `needs`. Raises StudioError."""
    ended: list[Task] = []
    patch = needs.patch if needs else NO_PATCH
    task = Task(recipe, ended.append, is_exact=True, patch=patch, makes_way=True)
    shop.loop.start(task)
    try:
        while not ended:
            yield WORKED
    finally:
        if not ended:  # the training rests or is dropped
            shop.loop.cancel(task)
    if task.error:
        raise task.error
    if task.fault:
        raise shop.forwards.explain(task.fault, "a part of the training")
    result: Result = task.result
    return result


def _unseen(look: Look) -> None:
    """Samples are seen when they are done."""
