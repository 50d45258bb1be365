"""A VAE ready to decode and to encode: a network of its own, which comes with a checkpoint or is chosen for a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.worker.engine.batching import BatchRules
from pipelines.worker.engine.gate import Component
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.network import VAE, Network
from pipelines.worker.weights.seamless import edges_meeting, laid_around, without_margin

Forward = Callable[..., Any]
# Of a side, when memory is too short for a picture as a whole; tiles overlap by a quarter.
TILE_CELLS = 64
TILE_MARGIN_CELLS = 16  # what a picture in tiles sees beyond edges that meet
PICTURES = BatchRules(rows=("x",), same=("seamless",))


@dataclass(frozen=True, eq=False)
class Vae:
    """`decode`: z (1, channels, h, w) → RGB (1, 3, 8·h, 8·w) in −1…1; z is the latents over `scaling_factor`."""

    network: Network
    source: str  # the file that it comes from, for messages
    scaling_factor: float
    decode: Component
    decode_float32: Component  # the same, slower and without overflow
    encode: Component  # x (batch, 3, h, w) in −1…1 → the means of the latents over `scaling_factor`
    encode_float32: Component


def vae_of(network: Network, source: str, family: Family, *, fits_half: bool = False) -> Vae:
    """`network`: an AutoencoderKL or AutoencoderTiny; `fits_half`: this file is known to fit float16."""
    vae: Any = network.module
    parameters = sum(parameter.numel() for parameter in vae.parameters())
    is_fit = fits_half or family.fits_half or vae.config.force_upcast is False
    is_fast = is_fit or network.dtype != torch.float16
    vae.tile_latent_min_size = TILE_CELLS
    vae.tile_sample_min_size = TILE_CELLS * family.px_per_cell
    work = family.vae_work(vae.config.block_out_channels[0])

    def decode(z: Tensor, seamless: str | None = None, **options: Any) -> Any:
        with edges_meeting(seamless):
            return vae.decode(z, **options)  # the classes call their first argument z or x

    def encode(x: Tensor, seamless: str | None = None) -> Tensor:
        with edges_meeting(seamless):
            latents = vae.encode(x, return_dict=False)[0]
        return latents if isinstance(latents, Tensor) else latents.mode()  # of a distribution

    def in_format(whole: Component, dtype: torch.dtype) -> Component:
        """Computing in this format, with a way in tiles."""
        steps = (1, px_per_cell) if whole is decoder else (px_per_cell, 1)
        is_wide = dtype == torch.float32 != network.dtype
        forward = _in_float32(vae, network.dtype, whole.forward) if is_wide else whole.forward
        frugal = replace(whole, forward=_in_tiles(vae, forward, steps))
        return replace(whole, forward=forward, work_bytes=work * dtype.itemsize, frugal=frugal)

    px_per_cell = family.px_per_cell
    decoder = Component(VAE, decode, parameters // 2, None, px_per_cell**2, network=network)
    encoder = Component(f"{VAE} encoder", encode, parameters // 2, PICTURES, network=network)
    fast = network.dtype if is_fast else torch.float32
    return Vae(
        network=network,
        source=source,
        scaling_factor=float(vae.config.scaling_factor),
        decode=in_format(decoder, fast),
        decode_float32=in_format(decoder, torch.float32),
        encode=in_format(encoder, fast),
        encode_float32=in_format(encoder, torch.float32),
    )


def _in_float32(network: nn.Module, dtype: torch.dtype, forward: Forward) -> Forward:
    """`forward` in float32. The shared weights are float32 only while it runs; there and back is exact."""

    def careful(**inputs: Any) -> Any:
        wide = {k: v.float() if isinstance(v, Tensor) else v for k, v in inputs.items()}
        try:
            _cast_in_place(network, torch.float32)
            return forward(**wide)
        finally:
            _cast_in_place(network, dtype)

    return careful


def _in_tiles(vae: Any, forward: Forward, steps: tuple[int, int]) -> Forward:
    """`forward` piece by piece, for a picture that is larger than a tile.

    A tile has no edges that meet, so what lies beyond those of the picture is laid around it. `steps`: of a cell, in
    what goes in and in what comes out.
    """

    def in_tiles(seamless: str | None = None, **inputs: Any) -> Any:
        name, whole = next((n, value) for n, value in inputs.items() if isinstance(value, Tensor))
        margin = min(TILE_MARGIN_CELLS, *(side // steps[0] for side in whole.shape[-2:]))
        try:
            vae.use_tiling = True
            output = forward(**inputs | {name: laid_around(whole, seamless, margin * steps[0])})
        finally:
            vae.use_tiling = False
        if seamless is None:
            return output
        if isinstance(output, Tensor):
            return without_margin(output, seamless, margin * steps[1])
        return (without_margin(output[0], seamless, margin * steps[1]),)

    return in_tiles


def _cast_in_place(network: nn.Module, dtype: torch.dtype) -> None:
    for parameter in network.parameters():
        parameter.data = parameter.data.to(dtype)
