"""Networks that enlarge pictures (ESRGAN and its kin): built by spandrel, an optional package, from our own reading.

spandrel knows some forty architectures by the names and shapes of their tensors (https://github.com/chaiNNer-org/spandrel).
It needs torchvision, so it is looked for only when a network is wanted.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipelines.errors import ModelUnreadable, NotFinite
from pipelines.upscalers import LIBRARY, REMEDY
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import GuideRef
from pipelines.worker.weights import copying
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.network import Network
from pipelines.worker.weights.reading import REPAIR, tensors_of

# What it takes while it computes, in numbers for each pixel that it makes: the 64 channels of most, three times.
NUMBERS_PER_PIXEL = 192
# (channels seen, channels made) of networks for pictures in colour, with alpha, and in grey.
CHANNELS = ((3, 3), (4, 4), (1, 1))


@dataclass(frozen=True, eq=False)
class Read:
    """spandrel's descriptor of a network, on the CPU in float32."""

    file: Path
    descriptor: Any

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.descriptor.model.parameters())


@dataclass(frozen=True, eq=False)
class Upscaler:
    """`component`: levels (1, 3, h, w) uint8 on the CPU → the same, `scale` times as large."""

    networks: tuple[Network, ...]
    component: Component
    scale: int

    @property
    def home_bytes(self) -> int:
        return sum(network.home_bytes for network in self.networks)


def read(ref: GuideRef, family: Family, device: Device, dtype: torch.dtype) -> Read:
    """Raises ModelUnreadable when the file is damaged, is no such network, or spandrel is not there."""
    file, library = Path(ref.path), _library(ref)
    try:
        tensors = copying.copied(tensors_of(file), torch.float32)
        found = library.ModelLoader(device="cpu").load_from_state_dict(tensors)
    except copying.NotANumber as error:
        why = f"{file} is damaged: {error} holds NaN or infinity."
        raise ModelUnreadable(why, REPAIR) from None
    except ModelUnreadable:
        raise
    except Exception as error:  # it raises what its forty builders raise
        why = f"{file} is no network that enlarges pictures: {type(error).__name__}: {error}."
        raise ModelUnreadable(why, "Choose another upscaler.") from None
    if not isinstance(found, library.ImageModelDescriptor):
        why = f"{file} does something else with pictures than enlarging them."
        raise ModelUnreadable(why, "Choose another upscaler.")
    if (found.input_channels, found.output_channels) not in CHANNELS:
        why = f"{file} makes {found.output_channels} channels of {found.input_channels}, no RGB."
        raise ModelUnreadable(why, "Choose another upscaler.")
    return Read(file, found)


def build(read: Read, model: Model, device: Device) -> Upscaler:
    """On the model's device, in its number format if the network can compute in it."""
    found = read.descriptor
    can = {torch.float16: found.supports_half, torch.bfloat16: found.supports_bfloat16}
    dtype = model.dtype if can.get(model.dtype, False) else torch.float32
    found.model.eval().to(dtype)
    place = (model.device, dtype)
    network = Network("upscaler", found.model, place, moves=device.has_own_memory)
    component = Component(
        "upscaler",
        _drawing(read, place),
        read.parameters,
        network=network,
        work_bytes=NUMBERS_PER_PIXEL * found.scale**2 * dtype.itemsize,
    )
    return Upscaler((network,), component, found.scale)


def _drawing(read: Read, place: tuple[torch.device, torch.dtype]) -> Callable[..., Tensor]:
    """From levels to levels, whatever channels the network has."""
    found, (device, dtype) = read.descriptor, place

    def draw(levels: Tensor) -> Tensor:
        seen = levels.to(device, dtype) / 255
        if found.input_channels == 4:  # all of it can be seen
            seen = torch.cat([seen, torch.ones_like(seen[:, :1])], dim=1)
        rows = seen.transpose(0, 1) if found.input_channels == 1 else seen
        drawn = torch.cat([found(row[None]) for row in rows]).float()
        if found.input_channels == 1:
            drawn = drawn.transpose(0, 1)
        if not torch.isfinite(drawn).all():
            why = f"The network in {read.file} made NaN or infinity of a picture."
            raise NotFinite(why, "Choose another upscaler, or --dtype float32.")
        return drawn[:, :3].clamp(0, 1).mul(255).round().to(torch.uint8).cpu()

    return draw


def _library(ref: GuideRef) -> Any:
    if importlib.util.find_spec(LIBRARY) is None:
        why = f"{ref.name} is a network, and {LIBRARY}, which builds those, is not installed."
        raise ModelUnreadable(why, REMEDY)
    try:
        return importlib.import_module(LIBRARY)
    except Exception as error:  # e.g. a torchvision of another torch
        why = f"{LIBRARY} cannot be used: {type(error).__name__}: {error}."
        raise ModelUnreadable(why, REMEDY) from None
