"""A network and where its weights lie: at home in RAM, here on the device, or on the way layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers.hooks.group_offloading import apply_group_offloading
from torch import Tensor, nn

from pipelines.tiers import LAYERS_ON_THE_WAY

DENOISER, TEXT_ENCODER, VAE = "denoiser", "text encoder", "VAE"


class Network:
    """Computes only while it `is_here`. Away from the device its parameters are empty, so that a forward fails loudly.

    `moves`: the device has memory of its own, and home is the RAM; else home is here, and bringing and leaving do
    nothing. The weights at home are never changed: to leave is to drop a copy.
    `is_parked`: it leaves by itself after each forward.
    """

    def __init__(
        self,
        role: str,
        module: nn.Module,
        where: tuple[torch.device, torch.dtype],
        *,
        moves: bool = False,
        is_parked: bool = False,
    ) -> None:
        self.role, self.module, self.moves = role, module, moves
        self.is_parked = is_parked and role != DENOISER
        self._device, self.dtype = where
        self._slots = [
            (owner, name, parameter)
            for owner in module.modules()
            for name, parameter in owner.named_parameters(recurse=False)
        ]
        self.home_bytes = sum(p.nbytes for _, _, p in self._slots)
        self.device_bytes = sum(self._size_here(p) for _, _, p in self._slots)
        self.largest_layer_bytes = max((self._size_here(p) for _, _, p in self._slots), default=0)
        self.is_here, self.is_streamed = not moves, False
        for owner, name, buffer in _buffers(module):
            owner._buffers[name] = buffer.to(self._device)  # small, and never gone
        if moves:
            self._away()
        elif self._device.type != "cpu":  # it moves in, once
            self.is_here = False
            self.bring()
            self._slots = []

    @property
    def here_bytes(self) -> int:
        """What it takes on the device while it rests."""
        return self.device_bytes if self.is_here and not self.is_streamed else 0

    @property
    def needed_bytes(self) -> int:
        """What it takes on the device while it computes."""
        if self.is_streamed:
            return min(self.device_bytes, LAYERS_ON_THE_WAY * self.largest_layer_bytes)
        return self.device_bytes

    def bring(self) -> None:
        """To the device, in the number format that it computes in."""
        if self.is_here:
            return
        for owner, name, home in self._slots:
            there = home.to(self._device, non_blocking=True)
            self._set(owner, name, there.to(self._format(home)))
        self.is_here = True

    def leave(self) -> bool:
        """Frees the device of it; False when it is not there, or cannot go."""
        if not self.is_here or self.is_streamed or not self.moves:
            return False
        self._away()
        self.is_here = False
        return True

    def stream(self) -> bool:
        """From now on its layers come one by one while it computes; False when they do so already, or need not."""
        if self.is_streamed or not self.moves or self.role != DENOISER:
            return False
        for owner, name, home in self._slots:
            self._set(owner, name, home.to(self._format(home)))
        apply_group_offloading(
            self.module,
            onload_device=self._device,
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=self._device.type == "cuda",
            record_stream=self._device.type == "cuda",
            low_cpu_mem_usage=True,  # pins a layer when its turn comes: what is at home may be pinned already
        )
        self.is_here = self.is_streamed = True
        self._slots = []  # home is with the layers now
        return True

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Here for a moment."""
        was_here = self.is_here
        self.bring()
        try:
            yield
        finally:
            if not was_here:
                self.leave()

    def _away(self) -> None:
        for owner, name, home in self._slots:
            self._set(owner, name, torch.empty_like(home, device="meta"))

    def _set(self, owner: nn.Module, name: str, tensor: Tensor) -> None:
        owner._parameters[name] = nn.Parameter(tensor, requires_grad=False)

    def _format(self, home: Tensor) -> torch.dtype:
        """Eight bits are a way of keeping; diffusers casts each layer when it computes."""
        is_kept_small = home.dtype.itemsize == 1 or not home.is_floating_point()
        return home.dtype if is_kept_small else self.dtype

    def _size_here(self, home: Tensor) -> int:
        return home.numel() * self._format(home).itemsize


def _buffers(module: nn.Module) -> list[tuple[nn.Module, str, Tensor]]:
    return [
        (owner, name, buffer)
        for owner in module.modules()
        for name, buffer in owner.named_buffers(recurse=False)
    ]


def keep_in_float8(network: Any, dtype: torch.dtype) -> None:
    """The layers of a network of diffusers keep their weights in 8 bits; each is cast while it computes."""
    network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
    for module in network.modules():
        registry = getattr(module, "_diffusers_hook", None)
        if registry is None or registry.get_hook("layerwise_casting") is None:
            for parameter in module.parameters(recurse=False):  # layers that are left out
                parameter.data = parameter.data.to(dtype)
