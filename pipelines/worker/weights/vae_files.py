"""VAE files, read and built: the layouts of Stable Diffusion, of diffusers, and those of tiny autoencoders.

The tiny ones (https://github.com/madebyollin/taesd) were published as a plain sequence of layers, in which the first of
the decoder is a clamp without weights; diffusers has that outside of its sequence, so its numbers are less by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from torch import Tensor, nn

from pipelines.catalog.vaes import PREFIX
from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import VaeRef
from pipelines.worker.weights import original_layout
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.loading import Model, network_of
from pipelines.worker.weights.network import VAE, Network
from pipelines.worker.weights.original_layout import numbers
from pipelines.worker.weights.reading import Part, copied_part, read_json, tensors_of
from pipelines.worker.weights.vae import Vae, vae_of

Tensors = dict[str, Tensor]
Config = dict[str, Any]
REPAIR = "Copy or download the VAE again, or choose another."
OTHER = "Choose another VAE, or none for the checkpoint's own."
# Left over from training, in files that were cut out of a checkpoint.
TRAINING = ("loss.", "model_ema.")
COMFY = ("vae_scale", "vae_shift")  # numbers that ComfyUI adds to tiny ones, for latents as its own


class Layout(NamedTuple):
    """`mark`: a tensor that only this layout has; `convert`: to the names of diffusers, and what the shapes say."""

    mark: str
    is_tiny: bool
    convert: Callable[[Tensors, Family], tuple[Config, Tensors]]


def read(ref: VaeRef, family: Family, where: tuple[Device, torch.dtype]) -> Part:
    """Config and tensors, checked; on the I/O thread. Raises ModelUnreadable, which names the file and the cause."""
    file = Path(ref.path)
    found = {
        PREFIX.sub("", name): tensor
        for name, tensor in tensors_of(file).items()
        if not name.startswith(TRAINING) and name not in COMFY
    }
    layout = next((row for row in LAYOUTS if row.mark in found), None)
    if layout is None:
        raise ModelUnreadable(f"{file} holds no VAE that is known here.", OTHER)
    try:
        config, tensors = layout.convert(found, family)
    except (KeyError, IndexError, ValueError) as error:
        why = f"{file} is no whole VAE, or built unlike those that are known: {error}."
        raise ModelUnreadable(why, REPAIR) from None
    except ModelUnreadable as error:
        raise ModelUnreadable(f"{file} cannot be used. {error.message}", REPAIR) from None
    source = f"{file}, by its shapes,"
    if ref.config:
        config, source = config | read_json(Path(ref.config)), ref.config
    part = Part(file, config | {"_class_name": CLASSES[layout.is_tiny].__name__}, source, tensors)
    return copied_part(part, *where)


def build(ref: VaeRef, part: Part, model: Model, device: Device) -> Vae:
    """The VAE, placed as those of the model that it is for. Raises ModelUnreadable."""
    network = network_of(_empty, part)
    config, family = network.config, model.family
    px_per_cell = 2 ** (len(config.block_out_channels) - 1)
    if (config.latent_channels, px_per_cell) != (family.latent_channels, family.px_per_cell):
        raise ModelUnreadable(
            f"{part.file} does not fit {model.ref.name}: it reads latents of {config.latent_channels} channels and "
            f"{px_per_cell} px a cell, those of {family.name} have {family.latent_channels} and {family.px_per_cell}.",
            OTHER,
        )
    is_tiny = isinstance(network, AutoencoderTiny)
    if not is_tiny and config.scaling_factor != model.vae.scaling_factor:
        raise ModelUnreadable(
            f"{part.file} does not fit {model.ref.name}: its latents are scaled by {config.scaling_factor:g}, "
            f"those of this checkpoint by {model.vae.scaling_factor:g}.",
            f"It was made for another family than {family.name}. {OTHER}",
        )
    if model.is_inpainting and not part.config.get("_has_encoder", True):
        raise ModelUnreadable(
            f"{part.file} only decodes, and {model.ref.name} needs a VAE that encodes, too.", OTHER
        )
    placed = Network(
        VAE,
        network,
        (device.torch_device, model.dtype),
        moves=device.has_own_memory,
        is_parked=model.tier.is_parked,
    )
    return vae_of(placed, ref.path, family, fits_half=ref.fits_half)


def _empty(config: Config) -> nn.Module:
    """The network of a config, without an encoder where the file has none."""
    is_tiny = config["_class_name"] == AutoencoderTiny.__name__
    network: Any = CLASSES[is_tiny].from_config(config)
    if not config.get("_has_encoder", True):
        network.encoder = nn.Identity()
    return network  # type: ignore[no-any-return]


CLASSES: dict[bool, Any] = {False: AutoencoderKL, True: AutoencoderTiny}


# ---- the layouts -------------------------------------------------------------------------------------------


def _original(found: Tensors, family: Family) -> tuple[Config, Tensors]:
    prefix = original_layout.VAE
    return original_layout.vae({prefix + k: v for k, v in found.items()}, family)


def _diffusers(found: Tensors, family: Family) -> tuple[Config, Tensors]:
    levels = sorted(numbers(found, "encoder.down_blocks."))
    first = "encoder.down_blocks.{}.resnets.0.conv1.weight"
    config: Config = {
        "block_out_channels": [int(found[first.format(level)].shape[0]) for level in levels],
        "layers_per_block": len(numbers(found, "encoder.down_blocks.0.resnets.")),
        "latent_channels": int(found["decoder.conv_in.weight"].shape[1]),
        "down_block_types": ["DownEncoderBlock2D"] * len(levels),
        "up_block_types": ["UpDecoderBlock2D"] * len(levels),
        "scaling_factor": family.scaling_factor,
    }
    return config, found


def _tiny(found: Tensors, family: Family) -> tuple[Config, Tensors]:
    channels, blocks = _stages(found, "decoder.layers.")
    config: Config = {
        "latent_channels": int(found["decoder.layers.0.weight"].shape[1]),
        "decoder_block_out_channels": channels,
        "num_decoder_blocks": blocks,
        "_has_encoder": any(name.startswith("encoder.") for name in found),
    }
    if config["_has_encoder"]:
        channels, blocks = _stages(found, "encoder.layers.")
        config |= {"encoder_block_out_channels": channels, "num_encoder_blocks": blocks}
    return config, found


def _tiny_published(found: Tensors, family: Family) -> tuple[Config, Tensors]:
    renamed: Tensors = {}
    for name, tensor in found.items():
        network, _, rest = (
            name.partition(".") if name.startswith(("en", "de")) else ("decoder", "", name)
        )
        number, _, rest = rest.partition(".")
        renamed[f"{network}.layers.{int(number) - (network == 'decoder')}.{rest}"] = tensor
    return _tiny(renamed, family)


def _stages(found: Tensors, prefix: str) -> tuple[list[int], list[int]]:
    """(channels, blocks) of each stage: each begins with a convolution, and one more ends the last."""
    convolutions = sorted(n for n in numbers(found, prefix) if f"{prefix}{n}.weight" in found)
    blocks = numbers(found, prefix) - set(convolutions)
    stages = list(itertools.pairwise(convolutions))
    channels = [int(found[f"{prefix}{begin}.weight"].shape[0]) for begin, _ in stages]
    return channels, [sum(begin < n < end for n in blocks) for begin, end in stages]


LAYOUTS = (
    Layout("decoder.mid_block.resnets.0.conv1.weight", False, _diffusers),
    Layout("decoder.conv_in.weight", False, _original),
    Layout("decoder.layers.0.weight", True, _tiny),
    Layout("decoder.1.weight", True, _tiny_published),
    Layout("1.weight", True, _tiny_published),
)
