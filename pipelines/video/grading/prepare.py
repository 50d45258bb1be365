"""What is done to a frame on both sides of its diffusion, in Deforum's order.

Before: colours matched, contrast, unsharp mask, noise. After: colours matched again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.fields import within
from pipelines.video.grading.colour import Reference, match
from pipelines.video.grading.noise import Noise, add_noise
from pipelines.video.grading.sharpen import Sharpening, sharpen

Frame = NDArray[np.uint8]

CONTRAST_BOUNDS = (0.0, 20.0)


@dataclass(frozen=True)
class Grading:
    """The numbers of one frame. Raises RequestError.

    `contrast`: a factor on the levels, black stays, 0…20.
    """

    contrast: float = 1.0
    sharpening: Sharpening = field(default_factory=Sharpening)
    noise: Noise = field(default_factory=Noise)

    def __post_init__(self) -> None:
        within("contrast", self.contrast, CONTRAST_BOUNDS)


def prepare(
    frame: Frame, grading: Grading, reference: Reference | None, seed: int, number: int
) -> Frame:
    """The frame, warped already, as it goes into the diffusion. `number`: of the frame, which its noise depends on."""
    matched = finish(frame, reference)
    brought_out = sharpen(_with_contrast(matched, grading.contrast), grading.sharpening)
    return add_noise(brought_out, grading.noise, seed, number)


def finish(frame: Frame, reference: Reference | None) -> Frame:
    """The frame as it came out of the diffusion, in the colours of the reference, if there is one."""
    return frame if reference is None else match(frame, reference)


def _with_contrast(frame: Frame, contrast: float) -> Frame:
    table = np.clip(np.round(np.arange(256) * contrast), 0, 255).astype(np.uint8)
    return table[frame]
