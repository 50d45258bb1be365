"""Pictures that follow another one: the residuals of ControlNets, weighted and summed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from pipelines.worker.engine.gate import Component, ask
from pipelines.worker.messages import ControlTask, GuideRef

# Nothing of what stands around the place where an inpainting model paints.
ARGUMENTS = (
    "sample",
    "timestep",
    "encoder_hidden_states",
    "text_embeds",
    "time_ids",
    "seamless",
)


@dataclass(frozen=True, eq=False)
class Controlled:
    """A ControlNet at work. picture: (1, 3, height, width) in 0…1."""

    component: Component
    picture: Tensor
    weight: float
    start: float
    end: float


def controls_of(
    tasks: Sequence[ControlTask], guides: Mapping[GuideRef, Any]
) -> tuple[Controlled, ...]:
    """Those that count, with their networks and pictures."""
    return tuple(
        Controlled(
            guides[task.network].component,
            guides[task.picture].pixels,
            task.weight,
            task.start,
            task.end,
        )
        for task in tasks
    )


def residuals(
    controls: Sequence[Controlled], pictures: Sequence[Tensor], inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """What the denoiser is told beside `inputs`; the ControlNets are told those as well, as far as they know them.

    pictures: of each control (rows, 3, height, width), the same tensors from step to step.
    """
    known = {name: value for name, value in inputs.items() if name in ARGUMENTS}
    total: tuple[Tensor, ...] = ()
    for control, picture in zip(controls, pictures, strict=True):
        own = ask(control.component, controlnet_cond=picture, **known)
        weighted = tuple(control.weight * one for one in own)
        total = tuple(a + b for a, b in zip(total, weighted, strict=True)) if total else weighted
    if not total:
        return {}
    *down, middle = total
    return {
        "down_block_additional_residuals": tuple(down),
        "mid_block_additional_residual": middle,
    }
