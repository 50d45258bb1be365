"""Samples: what the checkpoint draws with what was taught so far, by the ordinary recipe with an ordinary file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from pipelines.finetune.plan import EMBEDDING, LORA, Plan
from pipelines.request import Request
from pipelines.worker.engine.batching import Patch
from pipelines.worker.engine.delivery import pack
from pipelines.worker.engine.jobs import Needs
from pipelines.worker.finetune.messages import Train, TrainingSample
from pipelines.worker.finetune.workshop import Course, Workshop, drawn
from pipelines.worker.messages import EmbeddingRef, LoraRef
from pipelines.worker.weights.outfits import Outfit


def samples(
    shop: Workshop, train: Train, step: int, file: Path | None
) -> Course[tuple[Tensor, ...]]:
    """A picture of each request of the training, sent when it is done: (height, width, 3), uint8. Raises StudioError.

    `file`: the weights of that step; None: the checkpoint as it is.
    """
    needs, pictures = needs_of(train, file), []
    for index, values in enumerate(train.samples):
        pixels = yield from drawn(shop, Request.from_dict(values), needs)
        shop.send(TrainingSample(train.training_id, step, index, pack(pixels)))
        pictures.append(pixels)
    return tuple(pictures)


def needs_of(train: Train, file: Path | None) -> Needs:
    """What a sample is drawn with. The file counts with strength 1, and answers to the trigger."""
    if file is None:
        return Needs(train.checkpoint)
    plan, found = Plan.from_dict(train.plan), file.stat()
    return WEARING[plan.method](train, plan, file, f"{found.st_mtime_ns}-{found.st_size}")


def _with_lora(train: Train, plan: Plan, file: Path, version: str) -> Needs:
    lora = LoraRef(file.stem, str(file), version=version)
    return Needs(train.checkpoint, patch=Patch((lora,)))


def _with_embedding(train: Train, plan: Plan, file: Path, version: str) -> Needs:
    vectors = EmbeddingRef(plan.trigger, str(file), version)
    return Needs(train.checkpoint, outfit=Outfit(embeddings=(vectors,)))


WEARING: Mapping[str, Callable[[Train, Plan, Path, str], Needs]] = {
    LORA: _with_lora,
    EMBEDDING: _with_embedding,
}
