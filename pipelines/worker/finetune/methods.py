"""Methods: what can be taught, by the name in Plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipelines.finetune.plan import EMBEDDING, LORA, Plan
from pipelines.worker.finetune.inversion import Vectors
from pipelines.worker.finetune.lora_layers import LoraLayers
from pipelines.worker.finetune.method import Method
from pipelines.worker.finetune.skeleton import Skeleton

METHODS: Mapping[str, Callable[[Skeleton, Plan], Method]] = {
    LORA: LoraLayers,
    EMBEDDING: Vectors,
}
