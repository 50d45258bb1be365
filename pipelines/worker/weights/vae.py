"""A VAE ready to decode and to encode: a network of its own, which comes with a checkpoint or is chosen for a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.worker.engine.batching import BatchRules
from pipelines.worker.engine.gate import Component
from pipelines.worker.weights.families import Family

PICTURES = BatchRules(rows=("x",), same=())


@dataclass(frozen=True, eq=False)
class Vae:
    """`decode`: z (1, channels, h, w) → RGB (1, 3, 8·h, 8·w) in −1…1; z is the latents over `scaling_factor`."""

    network: nn.Module
    source: str  # the file that it comes from, for messages
    device_bytes: int
    scaling_factor: float
    decode: Component
    decode_float32: Component  # the same, slower and without overflow
    encode: Component  # x (batch, 3, h, w) in −1…1 → the means of the latents over `scaling_factor`
    encode_float32: Component


def vae_of(network: Any, source: str, family: Family, *, fits_half: bool = False) -> Vae:
    """`network`: an AutoencoderKL or AutoencoderTiny on its device; `fits_half`: this file is known to fit float16."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    dtype = next(network.parameters()).dtype
    is_fit = fits_half or family.fits_half or network.config.force_upcast is False

    is_fast = is_fit or dtype != torch.float16

    def decode(z: Tensor, **options: Any) -> Any:
        return network.decode(z, **options)  # the classes call their first argument z or x

    def encode(x: Tensor) -> Tensor:
        latents = network.encode(x, return_dict=False)[0]
        return latents if isinstance(latents, Tensor) else latents.mode()  # of a distribution

    def decoder(forward: Callable[..., Any]) -> Component:
        return Component("VAE", forward, parameters // 2, None, family.px_per_cell**2)

    def encoder(forward: Callable[..., Any]) -> Component:
        return Component("VAE encoder", forward, parameters // 2, PICTURES)

    careful = decoder(_in_float32(network, dtype, decode))
    careful_encoder = encoder(_in_float32(network, dtype, encode))
    return Vae(
        network=network,
        source=source,
        device_bytes=parameters * dtype.itemsize,
        scaling_factor=float(network.config.scaling_factor),
        decode=decoder(decode) if is_fast else careful,
        decode_float32=careful,
        encode=encoder(encode) if is_fast else careful_encoder,
        encode_float32=careful_encoder,
    )


def _in_float32(
    network: nn.Module, dtype: torch.dtype, forward: Callable[..., Any]
) -> Callable[..., Any]:
    """`forward` in float32. The shared weights are float32 only while it runs; there and back is exact."""

    def careful(**inputs: Any) -> Any:
        wide = {k: v.float() if isinstance(v, Tensor) else v for k, v in inputs.items()}
        try:
            _cast_in_place(network, torch.float32)
            return forward(**wide)
        finally:
            _cast_in_place(network, dtype)

    return careful


def _cast_in_place(network: nn.Module, dtype: torch.dtype) -> None:
    for parameter in network.parameters():
        parameter.data = parameter.data.to(dtype)
