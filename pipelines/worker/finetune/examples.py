"""Examples: the pictures that are taught, as latents, encoded once; and their captions."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from pipelines.worker.finetune.method import Text


@dataclass(frozen=True, eq=False)
class Latents:
    """What the VAE makes of a picture: a distribution, already times its scaling factor.

    `mean`, `std`: (1, channels, height/8, width/8), float32, on the CPU.
    """

    mean: Tensor
    std: Tensor


@dataclass(frozen=True, eq=False)
class Example:
    """A picture with its caption. `time_ids`: (1, 6) for SDXL: size as it came, crop (0, 0), size it is trained at."""

    latents: Latents
    text: Text
    mirrored: Latents | None = None  # where the plan mirrors
    time_ids: Tensor | None = None

    @property
    def likeness(self) -> tuple[tuple[int, ...], int]:
        """Only examples that are alike share a batch."""
        return tuple(self.latents.mean.shape), self.text.tokens


@dataclass(frozen=True, eq=False)
class Examples:
    """All that a training looks at. `nothing`: what pictures without their caption are shown with."""

    taught: tuple[Example, ...]
    held_out: tuple[Example, ...]
    priors: tuple[Example, ...]
    nothing: Text
