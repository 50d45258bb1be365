"""IP-Adapters: read, with the names of their authors, and built: what an encoder saw becomes keys and values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.unet import UNet2DConditionLoadersMixin
from diffusers.models.embeddings import ImageProjection
from torch import Tensor, nn

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import GuideRef
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.image_attention import prompt_layers
from pipelines.worker.weights.loading import Embeddings, Model
from pipelines.worker.weights.network import Network
from pipelines.worker.weights.reading import REPAIR, Part, copied_part, tensors_of

PROJECTION, LAYERS = "image_proj.", "ip_adapter."
PAIR = re.compile(r"ip_adapter\.(\d+)\.to_(k|v)_ip\.weight")
PICTURES_REMEMBERED = 8


class Projection(nn.Module):
    """What an encoder saw → for each layer keys and values of the picture (rows, tokens, 2 · width)."""

    def __init__(self, project: nn.Module, layers: list[Tensor]) -> None:
        super().__init__()
        self.project = project
        self.layers = nn.ParameterList(nn.Parameter(one, requires_grad=False) for one in layers)

    def forward(self, seen: Tensor) -> tuple[Tensor, ...]:
        tokens = self.project(seen)
        return tuple(nn.functional.linear(tokens, layer) for layer in self.layers)


@dataclass(frozen=True)
class Read:
    """From the file, on the CPU. layers: (2 · width, width of the prompt) each."""

    file: Path
    project: nn.Module
    layers: tuple[Tensor, ...]

    @property
    def parameters(self) -> int:
        own = sum(parameter.numel() for parameter in self.project.parameters())
        return own + sum(layer.numel() for layer in self.layers)


@dataclass(frozen=True, eq=False)
class IpAdapter:
    """`component`: seen (1, …) → for each layer keys and values (1, tokens, 2 · width)."""

    networks: tuple[Network, ...]
    component: Component
    is_pooled: bool  # it reads the encoder's projected embedding, not its states
    # What pictures became, the last ones used.
    known: Embeddings = field(default_factory=lambda: Embeddings(PICTURES_REMEMBERED))

    @property
    def home_bytes(self) -> int:
        return sum(network.home_bytes for network in self.networks)


def read(ref: GuideRef, family: Family, device: Device, dtype: torch.dtype) -> Read:
    """Raises ModelUnreadable, which names the file and the cause."""
    file = Path(ref.path)
    part = copied_part(Part(file, {}, str(file), tensors_of(file)), device, dtype)
    unknown = [name for name in part.tensors if not name.startswith((PROJECTION, LAYERS))]
    if unknown:
        raise _damaged(file, f"{len(unknown)} tensors are unknown, the first is {unknown[0]}")
    return Read(file, _projection(file, part.tensors, dtype), _layers(file, part.tensors))


def build(read: Read, model: Model, device: Device) -> IpAdapter:
    """Beside the model. Raises ModelUnreadable when it does not fit."""
    wanted = [(layer.to_k.weight, layer) for layer in prompt_layers(model.unet)]
    shapes = [(2 * weight.shape[0], weight.shape[1]) for weight, _ in wanted]
    own = [tuple(layer.shape) for layer in read.layers]
    if own != shapes:
        raise ModelUnreadable(
            f"{read.file} does not fit {model.ref.name}: it has {len(own)} layers, the first of them "
            f"{_shown(own)}; the checkpoint has {len(shapes)}, the first {_shown(shapes)}.",
            f"Choose an IP-Adapter made for checkpoints of the family {model.family.name}.",
        )
    module = Projection(read.project, list(read.layers)).eval()
    where = (model.device, model.dtype)
    network = Network("IP-Adapter", module, where, moves=device.has_own_memory)
    component = Component("IP-Adapter", module, read.parameters, network=network)
    return IpAdapter((network,), component, isinstance(read.project, ImageProjection))


def _projection(file: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> nn.Module:
    """The network of diffusers for this kind of projection, with its weights."""
    own = {k.removeprefix(PROJECTION): v for k, v in tensors.items() if k.startswith(PROJECTION)}
    convert: Any = UNet2DConditionLoadersMixin._convert_ip_adapter_image_proj_to_diffusers
    try:
        project: nn.Module = convert(None, own, low_cpu_mem_usage=False)
    except (KeyError, IndexError, RuntimeError, ZeroDivisionError) as error:
        raise _damaged(file, f"its projection is built unlike others ({error})") from None
    return project.to(dtype)


def _layers(file: Path, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Key above value for each layer, in their order."""
    found: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(LAYERS):
            match = PAIR.fullmatch(name)
            if match is None:
                raise _damaged(file, f"{name} is unknown")
            found.setdefault(int(match[1]), {})[match[2]] = tensor
    layers = []
    for number, pair in sorted(found.items()):
        if pair.keys() != {"k", "v"} or pair["k"].shape != pair["v"].shape or pair["k"].ndim != 2:
            raise _damaged(file, f"layer {number} has no key and value of one shape")
        layers.append(torch.cat([pair["k"], pair["v"]]))
    return tuple(layers)


def _shown(shapes: Sequence[tuple[int, ...]]) -> str:
    return " × ".join(map(str, shapes[0])) if shapes else "none"


def _damaged(file: Path, why: str) -> ModelUnreadable:
    return ModelUnreadable(f"{file} cannot be used as an IP-Adapter: {why}.", REPAIR)
