"""Writes a toy as a single file in the original layout of Stable Diffusion: the names of diffusers, undone.

The rules are those of the CompVis and Stability repositories; `diffusers` has them the other way round only.
"""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.tiny import Components

Tensors = dict[str, Tensor]

UNET_TOPS = {
    "time_embedding.linear_1.": "time_embed.0.",
    "time_embedding.linear_2.": "time_embed.2.",
    "add_embedding.linear_1.": "label_emb.0.0.",
    "add_embedding.linear_2.": "label_emb.0.2.",
    "conv_in.": "input_blocks.0.0.",
    "conv_norm_out.": "out.0.",
    "conv_out.": "out.2.",
    "mid_block.resnets.0.": "middle_block.0.",
    "mid_block.attentions.0.": "middle_block.1.",
    "mid_block.resnets.1.": "middle_block.2.",
}
UNET_RESNET = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "time_emb_proj.": "emb_layers.1.",
    "conv_shortcut.": "skip_connection.",
}
VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
OPEN_CLIP_TOPS = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}


def save(file: Path, parts: Components, dtype: torch.dtype = torch.float32) -> Path:
    """Writes the checkpoint and returns its path."""
    tensors = {name: tensor.to(dtype).contiguous() for name, tensor in tensors_of(parts).items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file)
    return file


def tensors_of(parts: Components) -> Tensors:
    """All tensors of the checkpoint under their original names."""
    layers = parts.unet.config.layers_per_block
    unet = {unet_name(k, layers, parts): v for k, v in parts.unet.state_dict().items()}
    vae = dict(
        vae_item(k, v, len(parts.vae.config.block_out_channels))
        for k, v in parts.vae.state_dict().items()
    )
    first = parts.text_encoder.state_dict() if parts.text_encoder is not None else {}
    if parts.family == "sd2":
        texts = _below("cond_stage_model.model.", _with_last_layer(_open_clip(first)))
    else:
        where = "conditioner.embedders.0" if parts.family == "sdxl" else "cond_stage_model"
        texts = _below(f"{where}.transformer.text_model.", first)
    if parts.text_encoder_2 is not None:
        place = "conditioner.embedders.0" if not first else "conditioner.embedders.1"
        texts |= _below(f"{place}.model.", _open_clip(parts.text_encoder_2.state_dict()))
    return _below("model.diffusion_model.", unet) | _below("first_stage_model.", vae) | texts


def _below(prefix: str, tensors: Tensors) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def unet_name(name: str, layers: int, parts: Components) -> str:
    for new, old in UNET_TOPS.items():
        if name.startswith(new):
            return old + _resnet(name.removeprefix(new), UNET_RESNET)
    found = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
    assert found, name
    direction, block, kind, layer, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    first = block * (layers + 1)
    if direction == "down":
        if kind == "downsamplers":
            return f"input_blocks.{first + layers + 1}.0.op.{rest.removeprefix('conv.')}"
        place = f"input_blocks.{1 + first + layer}"
    else:
        place = f"output_blocks.{first + layer}"
        if kind == "upsamplers":
            has_attention = "Cross" in parts.unet.config.up_block_types[block]
            return f"output_blocks.{first + layers}.{2 if has_attention else 1}.{rest}"
    return f"{place}.0.{_resnet(rest, UNET_RESNET)}" if kind == "resnets" else f"{place}.1.{rest}"


def _resnet(rest: str, names: dict[str, str]) -> str:
    return next(
        (old + rest.removeprefix(new) for new, old in names.items() if rest.startswith(new)), rest
    )


def vae_item(name: str, tensor: Tensor, levels: int) -> tuple[str, Tensor]:
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"down_blocks\.(\d+)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{levels - 1 - int(found[1])}", name)
    name = re.sub(r"(up\.\d+)\.resnets", r"\1.block", name)
    name = name.replace("upsamplers.0", "upsample")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    if "mid_block.attentions.0." in name:
        for new, old in VAE_ATTENTION.items():
            name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
        if tensor.ndim == 2:  # a linear layer today, a convolution of one pixel then
            tensor = tensor[:, :, None, None]
    return name, tensor


def _open_clip(own: Tensors) -> Tensors:
    tensors = {name.removeprefix("text_model."): tensor for name, tensor in own.items()}
    original: Tensors = {}
    for name, tensor in tensors.items():
        if name in OPEN_CLIP_TOPS:
            original[OPEN_CLIP_TOPS[name]] = tensor
        elif name == "text_projection.weight":
            original["text_projection"] = tensor.T
        elif found := re.match(r"(encoder\.layers\.(\d+)\.)self_attn\.q_proj\.(weight|bias)", name):
            three = [tensors[f"{found[1]}self_attn.{which}_proj.{found[3]}"] for which in "qkv"]
            original[f"transformer.resblocks.{found[2]}.attn.in_proj_{found[3]}"] = torch.cat(three)
        else:
            found = re.match(r"encoder\.layers\.(\d+)\.(.*)\.(weight|bias)", name)
            if found and found[2] in OPEN_CLIP:
                block = f"transformer.resblocks.{found[1]}"
                original[f"{block}.{OPEN_CLIP[found[2]]}.{found[3]}"] = tensor
    return original


def _with_last_layer(tensors: Tensors) -> Tensors:
    """As published: with the layer that Stable Diffusion 2 does not use, and the projection."""
    last = max(int(name.split(".")[2]) for name in tensors if name.startswith("transformer."))
    more = {
        name.replace(f"resblocks.{last}.", f"resblocks.{last + 1}."): -tensor
        for name, tensor in tensors.items()
        if f"resblocks.{last}." in name
    }
    width = tensors["token_embedding.weight"].shape[1]
    return (
        tensors
        | more
        | {"text_projection": torch.zeros(width, width), "logit_scale": torch.tensor(4.6)}
    )
