"""Low-rank additions hung on the layers of a shared network, changed between forwards; its weights stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.worker.engine.batching import Patch
from pipelines.worker.messages import Applied

# The layers of a residual block in the original layout, flat.
RESNET = {
    "conv1": "in_layers_2",
    "conv2": "out_layers_3",
    "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
}


@dataclass(frozen=True, eq=False)
class Addition:
    """What is added to a layer's output: up(down(x)) · scale. down: (rank, in, …), up: (out, rank, …)."""

    down: Tensor
    up: Tensor
    scale: float

    def __call__(self, layer: nn.Module, x: Tensor) -> Tensor:
        if isinstance(layer, nn.Conv2d):
            inner = layer._conv_forward(x, self.down, None)  # as the layer strides and pads
            return nn.functional.conv2d(inner, self.up).mul_(self.scale)
        return nn.functional.linear(nn.functional.linear(x, self.down), self.up).mul_(self.scale)


@dataclass(eq=False)
class Worn:
    """A patch that a model knows: how much of each LoRA there was a layer for, and how many pictures wear it."""

    applied: tuple[Applied, ...] = ()
    pictures: int = 0


class Adapters:
    """The additions to one network. It wears one patch at a time; its own weights are never touched."""

    def __init__(self, network: nn.Module) -> None:
        self.layers = flat_names(network)
        self._known: dict[Patch, dict[nn.Module, list[Addition]]] = {}
        self._worn: dict[nn.Module, list[Addition]] = {}
        self._hooks: dict[nn.Module, Any] = {}
        self.device_bytes = 0  # what all known patches take beside the network

    def learn(self, patch: Patch, additions: Iterable[tuple[nn.Module, Addition]]) -> None:
        """From now on `wear(patch)` adds these."""
        own: dict[nn.Module, list[Addition]] = {}
        for layer, addition in additions:
            own.setdefault(layer, []).append(addition)
        self._known[patch] = own
        self._count()
        for layer in own.keys() - self._hooks.keys():
            self._hooks[layer] = layer.register_forward_hook(self._hook())

    def wear(self, patch: Patch) -> None:
        """The next forwards are those under this patch; one that is not known adds nothing."""
        self._worn = self._known.get(patch, {})

    def forget(self, patch: Patch) -> None:
        """Frees the memory of a patch that nobody needs any more, and what hung on the layers for it alone."""
        self._known.pop(patch, None)
        self._count()
        self._worn = {}
        needed = {layer for own in self._known.values() for layer in own}
        for layer in self._hooks.keys() - needed:
            self._hooks.pop(layer).remove()

    def _count(self) -> None:
        kept = (one for own in self._known.values() for added in own.values() for one in added)
        self.device_bytes = sum(one.down.nbytes + one.up.nbytes for one in kept)

    def _hook(self) -> Callable[[nn.Module, tuple[Any, ...], Tensor], Tensor | None]:
        def add(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor | None:
            additions = self._worn.get(layer)
            if not additions:
                return None
            for addition in additions:
                output = output + addition(layer, inputs[0])
            return output

        return add


def placed(
    addition: Addition, layer: nn.Module, scale: float, where: tuple[torch.device, torch.dtype]
) -> Addition:
    """The addition on the device and in the format in which the layer computes, with the scale of the request."""
    device, dtype = where  # the layer's own weights may be away, or kept in another format
    down, up = addition.down.to(device, dtype), addition.up.to(device, dtype)
    if isinstance(layer, nn.Linear):  # files have 1 × 1 convolutions where a layer is linear today
        down, up = down.reshape(len(down), -1), up.reshape(len(up), -1)
    return Addition(down, up, addition.scale * scale)


def fits(layer: nn.Module, addition: Addition) -> bool:
    """Whether the shapes are those of an addition to this layer."""
    weight: Any = layer.weight
    down, up = addition.down, addition.up
    if isinstance(layer, nn.Linear):
        shapes = (down.reshape(len(down), -1).shape[1], len(up))
        return shapes == (weight.shape[1], weight.shape[0]) and up[0, 0].numel() == 1
    is_alike = down.ndim == up.ndim == 4 and up.shape[2:] == (1, 1)
    return is_alike and down.shape[1:] == weight.shape[1:] and len(up) == len(weight)


def flat_names(network: nn.Module) -> dict[str, nn.Module]:
    """Every layer that can be added to, under each flat name that files use for it."""
    config: Any = getattr(network, "config", None)
    per_block = getattr(config, "layers_per_block", None)
    names: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            names[name.removeprefix("text_model.").replace(".", "_")] = module
            if isinstance(per_block, int) and (original := original_name(name, per_block)):
                names[original] = module
    return names


def original_name(name: str, per_block: int) -> str:
    """A UNet layer's name in the original layout, flat: the blocks are counted through, not nested."""
    found = re.match(r"(down|up|mid)_blocks?\.(?:(\d+)\.)?(attentions|resnets)\.(\d+)\.(.*)", name)
    if found is None:
        return ""
    where, block, kind, layer, rest = found.groups()
    number = int(block or 0) * (per_block + 1) + int(layer)
    is_attention = kind == "attentions"
    if where == "mid":
        place = f"middle_block_{1 if is_attention else 2 * int(layer)}"
    else:
        blocks = f"input_blocks_{number + 1}" if where == "down" else f"output_blocks_{number}"
        place = f"{blocks}_{int(is_attention)}"
    return f"{place}_{rest.replace('.', '_') if is_attention else RESNET.get(rest, rest)}"
