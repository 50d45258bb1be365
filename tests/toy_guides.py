"""Toy ControlNets for the toys of tests/tiny.py, through diffusers' own class, written in each layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

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
