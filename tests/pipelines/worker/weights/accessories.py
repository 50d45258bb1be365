"""Toy VAEs and embeddings as files, in every layout that there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors.torch import save_file
from torch import Tensor

from pipelines.worker.messages import EmbeddingRef, VaeRef
from tests import original_layout, tiny

SCALING = {"sd15": 0.18215, "sd2": 0.18215, "sdxl": 0.13025, "sdxl_refiner": 0.13025}
KL_LAYOUTS = ("original", "below a prefix", "diffusers", "folder")
TINY_LAYOUTS = ("diffusers", "folder", "published", "ComfyUI", "decoder alone")


def vae(family: str = "sd15", seed: int = 5, **changes: Any) -> AutoencoderKL:
    """A VAE of random weights, as one without config must be built: 32 groups."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = plain(tiny.components(tiny.PLAIN[family], family=family).vae)
        return AutoencoderKL.from_config({**config, **changes}).eval()


def plain(network: Any) -> dict[str, Any]:
    """Its config, without what diffusers notes for itself."""
    return {name: value for name, value in network.config.items() if name[0] != "_"}


def tiny_vae(seed: int = 5, channels: int = 4) -> AutoencoderTiny:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AutoencoderTiny(
            latent_channels=channels,
            encoder_block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            num_encoder_blocks=(1, 2, 2, 2),
            num_decoder_blocks=(2, 2, 2, 1),
        ).eval()


def tensors_of(network: AutoencoderKL, layout: str) -> dict[str, Tensor]:
    own = network.state_dict()
    if layout in ("diffusers", "folder"):
        return own
    levels = len(network.config.block_out_channels)
    original = dict(original_layout.vae_item(k, v, levels) for k, v in own.items())
    if layout == "below a prefix":
        return {f"first_stage_model.{k}": v for k, v in original.items()}
    return {**original, "loss.logvar": torch.zeros(()), "model_ema.decay": torch.ones(())}


def tiny_tensors_of(network: AutoencoderTiny, layout: str) -> dict[str, Tensor]:
    own = network.state_dict()
    if layout in ("diffusers", "folder"):
        return own
    named: dict[str, Tensor] = {}
    for name, tensor in own.items():
        half, _, rest = name.partition(".layers.")
        number, _, rest = rest.partition(".")
        named[f"{half}.{int(number) + (half == 'decoder')}.{rest}"] = tensor
    if layout == "ComfyUI":
        more = {"vae_scale": torch.tensor(0.18215), "vae_shift": torch.tensor(0.0)}
        return {f"taesd_{k}": v for k, v in named.items()} | more
    if layout == "decoder alone":
        return {k.removeprefix("decoder."): v for k, v in named.items() if k.startswith("decoder.")}
    return named


def save_vae(folder: Path, network: Any, layout: str = "diffusers", name: str = "vae") -> VaeRef:
    """Writes it and returns its reference."""
    is_tiny = isinstance(network, AutoencoderTiny)
    tensors = (tiny_tensors_of if is_tiny else tensors_of)(network, layout)
    if layout != "folder":
        return VaeRef(name, str(save(folder / f"{name}.safetensors", tensors)))
    file = save(folder / name / "diffusion_pytorch_model.safetensors", tensors)
    config = {**plain(network), "_class_name": type(network).__name__}
    file.with_name("config.json").write_text(json.dumps(config))
    return VaeRef(name, str(file), str(file.with_name("config.json")))


def embedding(
    folder: Path, word: str, widths: tuple[int, ...] = (16,), count: int = 3, seed: int = 0
) -> EmbeddingRef:
    """Vectors that change a picture a lot; for two text encoders as SDXL's files have them."""
    dice = torch.Generator().manual_seed(seed)
    names = ("emb_params",) if len(widths) == 1 else ("clip_l", "clip_g")
    vectors = {n: torch.randn(count, w, generator=dice) for n, w in zip(names, widths, strict=True)}
    return EmbeddingRef(word, str(save(folder / f"{word}.safetensors", vectors)))


def save(file: Path, tensors: dict[str, Tensor]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return file
