"""Pictures to be saved, for the tests of this folder."""

from __future__ import annotations

import struct
from typing import Any

from pipelines.asking.sampling import Sampling
from pipelines.output.record import NewPicture
from pipelines.request import Request
from pipelines.worker.messages import CheckpointRef, KeptStep

CHECKPOINT = CheckpointRef(
    "starter", "models/starter", "sd15", ((0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (0, 0, 0))
)


def request(**values: Any) -> Request:
    """A resolved Request."""
    sampling = Sampling(sampler="Euler a", schedule="Karras", steps=8, guidance_scale=6.5)
    given = {"prompt": "a red circle", "negative_prompt": "blurry", "checkpoint": "starter"}
    return Request(
        **{**given, "width": 64, "height": 64, "sampling": sampling, "seed": 7, **values}
    )


def new_picture(**values: Any) -> NewPicture:
    """A picture of 64 × 64 grey pixels."""
    given: dict[str, Any] = {
        "owner": "alice",
        "job_id": "",
        "index": 0,
        "request": request(),
        "pixels": bytes([90]) * (64 * 64 * 3),
        "width": 64,
        "height": 64,
        "checkpoint": CHECKPOINT,
        "seconds": 1.5,
        "device": "cpu",
        "dtype": "float32",
    }
    return NewPicture(**{**given, **values})


def kept_step(step: int, value: float = 1.0) -> KeptStep:
    """A step whose latents are `value` in the first channel and 0 in the others, 8 × 8."""
    plane = struct.pack("<e", value) * 64
    return KeptStep(step, 14.0 / (step + 1), (4, 8, 8), plane + bytes(3 * 128))
