"""Fitness: whether a loaded checkpoint can be trained as planned, and whether a saved state belongs to a plan."""

from __future__ import annotations

import hashlib
import json

from pipelines.errors import OutOfMemory, RequestError
from pipelines.finetune.plan import TRAINABLE, Plan
from pipelines.worker.device.memory import gigabytes
from pipelines.worker.finetune.messages import Train
from pipelines.worker.weights.loading import Model

# What may change without making another training of it.
FREE_FIELDS = ("name", "steps", "sample_every", "sample_prompts", "saves_memory")


def check(model: Model, plan: Plan) -> None:
    """Raises RequestError for a checkpoint or a precision that cannot be trained, OutOfMemory for how it is kept."""
    name = model.ref.name
    if model.family.name not in TRAINABLE or model.is_inpainting:
        kind = "an inpainting checkpoint" if model.is_inpainting else f"of {model.family.name}"
        remedy = f"Choose an ordinary checkpoint of one of: {', '.join(TRAINABLE)}."
        raise RequestError("checkpoint", name, f"is {kind}, which is not trained", remedy)
    if plan.precision == "float16" and model.device.type == "cpu":
        remedy = "Use auto, float32 or bfloat16."
        raise RequestError("precision", plan.precision, "is not for processors", remedy)
    if model.tier.is_float8 or model.networks[0].is_streamed or model.tier.is_streamed:
        needed = model.sizes.denoiser
        raise OutOfMemory(
            f"{name} is kept so that {model.tier.title}; it can be trained only as a whole, which takes "
            f"{gigabytes(needed)} on the device beside what the training itself takes.",
            "Choose --tier resident or offload if the device has room for it, or a smaller checkpoint.",
            needed_bytes=needed,
        )


def fingerprint(train: Train, plan: Plan) -> str:
    """A hash of all that the steps depend on, but for the bits of pictures and checkpoint.

    What a plan leaves open does not count: so a state stays one of its plan when a later version knows more fields.
    """
    said = {name: one for name, one in plan.as_dict().items() if one is not None}
    facts = {name: one for name, one in said.items() if name not in FREE_FIELDS}
    lessons = [(one.caption, one.is_held_out) for one in train.lessons]
    whole = json.dumps([facts, lessons, train.checkpoint.name], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()
