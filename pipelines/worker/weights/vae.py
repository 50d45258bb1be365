"""A VAE ready to decode: a network of its own, which comes with a checkpoint or is chosen for a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.worker.engine.gate import Component
from pipelines.worker.weights.families import Family


@dataclass(frozen=True, eq=False)
class Vae:
    """`decode`: z (1, channels, h, w) → RGB (1, 3, 8·h, 8·w) in −1…1; z is the latents over `scaling_factor`."""

    network: nn.Module
    source: str  # the file that it comes from, for messages
    device_bytes: int
    scaling_factor: float
    decode: Component
    decode_float32: Component  # the same, slower and without overflow


def vae_of(network: Any, source: str, family: Family, *, fits_half: bool = False) -> Vae:
    """`network`: an AutoencoderKL or AutoencoderTiny on its device; `fits_half`: this file is known to fit float16."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    dtype = next(network.parameters()).dtype
    is_fit = fits_half or family.fits_half or network.config.force_upcast is False

    def component(forward: Callable[..., Any]) -> Component:
        return Component("VAE", forward, parameters // 2, None, family.px_per_cell**2)

    def decode(z: Tensor, **options: Any) -> Any:
        return network.decode(z, **options)  # the classes call their first argument z or x

    careful = component(_in_float32(network, dtype))
    return Vae(
        network=network,
        source=source,
        device_bytes=parameters * dtype.itemsize,
        scaling_factor=float(network.config.scaling_factor),
        decode=component(decode) if is_fit or dtype != torch.float16 else careful,
        decode_float32=careful,
    )


def _in_float32(network: Any, dtype: torch.dtype) -> Callable[..., Any]:
    """The decoder in float32. The shared weights are float32 only while it runs; there and back is exact."""

    def decode(z: Tensor, **options: Any) -> Any:
        try:
            _cast_in_place(network, torch.float32)
            return network.decode(z.float(), **options)
        finally:
            _cast_in_place(network, dtype)

    return decode


def _cast_in_place(network: nn.Module, dtype: torch.dtype) -> None:
    for parameter in network.parameters():
        parameter.data = parameter.data.to(dtype)
