"""Toy ControlNets and IP-Adapters for the toys of tests/tiny.py, written in each layout, and pictures for both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from transformers.models.clip.configuration_clip import CLIPVisionConfig
from transformers.models.clip.modeling_clip import CLIPVisionModelWithProjection

from pipelines.worker.messages import ControlTask, GuideRef
from tests.original_layout import unet_name
from tests.tiny import Components

HINT_CHANNELS = (8, 8, 16, 16)
STRENGTH = 0.3
ORIGINAL = {
    "controlnet_cond_embedding.conv_in.": "input_hint_block.0.",
    "controlnet_cond_embedding.conv_out.": "input_hint_block.14.",
    "controlnet_mid_block.": "middle_block_out.0.",
}


def controlnet(parts: Components, seed: int = 0) -> ControlNetModel:
    """One whose zero convolutions have been trained, so to say: it changes the picture a good deal."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ControlNetModel.from_unet(
            parts.unet, conditioning_embedding_out_channels=HINT_CHANNELS
        )
        for name, parameter in network.named_parameters():
            if name.startswith(("controlnet_down", "controlnet_mid", "controlnet_cond")):
                torch.nn.init.normal_(parameter, std=STRENGTH)
    return network.eval()


def save_folder(folder: Path, network: ControlNetModel) -> GuideRef:
    """As diffusers does, with its config."""
    folder.mkdir(parents=True)
    config = {**network.config, "_class_name": "ControlNetModel"}
    (folder / "config.json").write_text(json.dumps(config))
    return save_file_of(folder / "diffusion_pytorch_model.safetensors", network.state_dict())


def save_original(file: Path, network: ControlNetModel, parts: Components) -> GuideRef:
    """As the first ControlNets were published: `control_model.` and the names of the original layout."""
    layers = parts.unet.config.layers_per_block
    names = {name: original_name(name, layers, parts) for name in network.state_dict()}
    tensors = {f"control_model.{names[k]}": v for k, v in network.state_dict().items()}
    return save_file_of(file, tensors)


def original_name(name: str, layers: int, parts: Components) -> str:
    for new, old in ORIGINAL.items():
        if name.startswith(new):
            return old + name.removeprefix(new)
    top, _, rest = name.partition(".")
    if top == "controlnet_down_blocks":
        number, _, part = rest.partition(".")
        return f"zero_convs.{number}.0.{part}"
    if top == "controlnet_cond_embedding":
        _, number, part = rest.split(".")
        return f"input_hint_block.{2 * int(number) + 2}.{part}"
    return unet_name(name, layers, parts)


def save_file_of(file: Path, tensors: dict[str, Tensor]) -> GuideRef:
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return GuideRef("controlnet", file.stem, str(file))


def picture(file: Path, seed: int = 0, size: tuple[int, int] = (64, 64)) -> GuideRef:
    """A map of bright boxes on black."""
    dice = np.random.default_rng(seed)
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    for _ in range(4):
        x, y = dice.integers(0, size[0] // 2), dice.integers(0, size[1] // 2)
        pixels[y : y + size[1] // 3, x : x + size[0] // 4] = dice.integers(100, 256, 3)
    Image.fromarray(pixels).save(file)
    return GuideRef("picture", file.name, str(file))


def control(network: GuideRef, seen: GuideRef, weight: float = 1.0, **span: float) -> ControlTask:
    return ControlTask(network, seen, weight, **span)


# ---- image prompts -------------------------------------------------------------------------------------

ENCODER_WIDTH, ENCODER_PX, POOLED_WIDTH = 64, 32, 24
KINDS_OF_PROJECTION = ("plain", "plus", "full")


def image_encoder(seed: int = 0) -> CLIPVisionModelWithProjection:
    """A toy of CLIP's image encoder, of 16 patches."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = CLIPVisionConfig(
            hidden_size=ENCODER_WIDTH,
            intermediate_size=96,
            num_hidden_layers=3,
            num_attention_heads=1,
            image_size=ENCODER_PX,
            patch_size=8,
            projection_dim=POOLED_WIDTH,
            hidden_act="gelu",
        )
        return CLIPVisionModelWithProjection(config).eval()


def save_encoder(file: Path, encoder: CLIPVisionModelWithProjection) -> GuideRef:
    ref = save_file_of(file, dict(encoder.state_dict()))
    return GuideRef("image_encoder", ref.name, ref.path)


def ip_adapter(parts: Components, kind: str = "plain", seed: int = 0) -> dict[str, Tensor]:
    """A file's tensors in the names of the authors, strong enough to be seen."""
    dice = torch.Generator().manual_seed(seed)
    width = parts.unet.config.cross_attention_dim

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=dice) / shape[-1] ** 0.5

    tensors = {f"image_proj.{k}": v for k, v in PROJECTIONS[kind](width, random).items()}
    layers = [
        layer for name, layer in parts.unet.named_modules() if name.endswith("attn2")
    ]  # all of one width in toys but the outer ones, so their order matters
    order = [name for name in parts.unet.attn_processors if name.endswith("attn2.processor")]
    assert len(order) == len(layers)
    for number, name in enumerate(order):
        own = parts.unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
        for which in "kv":
            tensors[f"ip_adapter.{2 * number + 1}.to_{which}_ip.weight"] = 2 * random(own, width)
    return tensors


def _plain(width: int, random: Random) -> dict[str, Tensor]:
    return {
        "proj.weight": random(4 * width, POOLED_WIDTH) * 3,
        "proj.bias": random(4 * width),
        "norm.weight": torch.ones(width),
        "norm.bias": random(width),
    }


def _full(width: int, random: Random) -> dict[str, Tensor]:
    return {
        "proj.0.weight": random(ENCODER_WIDTH, ENCODER_WIDTH),
        "proj.0.bias": random(ENCODER_WIDTH),
        "proj.2.weight": random(width, ENCODER_WIDTH),
        "proj.2.bias": random(width),
        "proj.3.weight": torch.ones(width),
        "proj.3.bias": random(width),
    }


def _plus(width: int, random: Random, inner: int = 64, tokens: int = 6) -> dict[str, Tensor]:
    tensors = {
        "latents": random(1, tokens, inner),
        "proj_in.weight": random(inner, ENCODER_WIDTH),
        "proj_in.bias": random(inner),
        "proj_out.weight": random(width, inner),
        "proj_out.bias": random(width),
        "norm_out.weight": torch.ones(width),
        "norm_out.bias": random(width),
    }
    for layer in range(4):
        attention, feed = f"layers.{layer}.0.", f"layers.{layer}.1."
        for norm in ("norm1", "norm2"):
            tensors[f"{attention}{norm}.weight"] = torch.ones(inner)
            tensors[f"{attention}{norm}.bias"] = random(inner)
        tensors[f"{attention}to_q.weight"] = random(64, inner)
        tensors[f"{attention}to_kv.weight"] = random(128, inner)
        tensors[f"{attention}to_out.weight"] = random(inner, 64)
        tensors[f"{feed}0.weight"], tensors[f"{feed}0.bias"] = torch.ones(inner), random(inner)
        tensors[f"{feed}1.weight"] = random(4 * inner, inner)
        tensors[f"{feed}3.weight"] = random(inner, 4 * inner)
    return tensors


Random = Callable[..., Tensor]
PROJECTIONS: dict[str, Callable[[int, Random], dict[str, Tensor]]] = {
    "plain": _plain,
    "plus": _plus,
    "full": _full,
}


def save_adapter(file: Path, tensors: dict[str, Tensor]) -> GuideRef:
    ref = save_file_of(file, tensors)
    return GuideRef("ip_adapter", ref.name, ref.path)


def sample(file: Path, seed: int = 0, size: tuple[int, int] = (90, 60)) -> GuideRef:
    ref = picture(file, seed, size)
    return GuideRef("sample", ref.name, ref.path)
