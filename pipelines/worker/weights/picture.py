"""A picture that guides others, from its file to numbers. On the I/O thread, so that no step waits for the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import GuideRef
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.network import Network


@dataclass(frozen=True, eq=False)
class Pixels:
    """pixels: (1, 3, height, width), RGB in 0…1; float32 on the CPU when read, the model's when built."""

    pixels: Tensor

    @property
    def parameters(self) -> int:
        return self.pixels.numel()

    @property
    def networks(self) -> tuple[Network, ...]:
        return ()

    @property
    def home_bytes(self) -> int:
        return self.pixels.nbytes


@dataclass(frozen=True, eq=False)
class Sample:
    """levels: (height, width, 3) uint8 on the CPU, where it stays: an image encoder looks at it once."""

    levels: np.ndarray[Any, Any]
    parameters: int = 0
    networks: tuple[Network, ...] = ()

    @property
    def home_bytes(self) -> int:
        return int(self.levels.nbytes)


def read(ref: GuideRef, family: Family, device: Device, dtype: torch.dtype) -> Pixels:
    """Raises ModelUnreadable when the file is gone or damaged."""
    levels = _levels(ref).astype(np.float32)
    return Pixels(torch.from_numpy(levels / 255).permute(2, 0, 1)[None])


def build(picture: Pixels, model: Model, device: Device) -> Pixels:
    place: Any = {"device": model.device, "dtype": model.dtype}
    return Pixels(picture.pixels.to(**place))


def read_sample(ref: GuideRef, family: Family, device: Device, dtype: torch.dtype) -> Sample:
    """Raises ModelUnreadable when the file is gone or damaged."""
    return Sample(_levels(ref))


def build_sample(sample: Sample, model: Model, device: Device) -> Sample:
    return sample


def _levels(ref: GuideRef) -> np.ndarray[Any, Any]:
    try:
        with Image.open(ref.path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError) as error:
        raise ModelUnreadable(
            f"The guide picture {ref.name} cannot be read from {ref.path}: {error}.",
            "Choose the picture again and submit the request anew.",
        ) from None
