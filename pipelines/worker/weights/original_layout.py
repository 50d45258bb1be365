"""A single file in the original layout of Stable Diffusion, as parts: diffusers renames, the shapes say the sizes.

Such a file has the weights of all networks and no config. What its shapes cannot say (how many heads an attention
has, the scaling of the latents) is the same for all checkpoints of a family and stands in its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.weights.families import Family, TextEncoderRow

Tensors = dict[str, Tensor]
Config = dict[str, Any]

UNET, VAE = "model.diffusion_model.", "first_stage_model."
CHANNELS_PER_HEAD = 64
END_OF_TEXT = 49407
# What all checkpoints of these families were trained with.
SCHEDULER: Config = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "num_train_timesteps": 1000,
}


def unet(tensors: Tensors, family: Family) -> tuple[Config, Tensors]:
    """Config and weights for a UNet2DConditionModel. Raises ModelUnreadable."""
    own = _below(tensors, UNET, "UNet")
    try:
        config = _unet_config(own, family)
        whole = {UNET + k: v for k, v in own.items()}
        converted = convert_ldm_unet_checkpoint(whole, config)  # type: ignore[no-untyped-call]
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        raise unlike("UNet", error) from None
    check_all_used("UNet", own, converted)
    return config, converted


def vae(tensors: Tensors, family: Family) -> tuple[Config, Tensors]:
    """Config and weights for an AutoencoderKL. Raises ModelUnreadable."""
    own = _below(tensors, VAE, "VAE")
    try:
        config = _vae_config(own, family)
        whole = {VAE + k: v for k, v in own.items()}
        converted = convert_ldm_vae_checkpoint(whole, config)  # type: ignore[no-untyped-call]
    except (KeyError, IndexError, ValueError) as error:
        raise unlike("VAE", error) from None
    check_all_used("VAE", own, converted)
    return config, converted


def text_encoder(tensors: Tensors, row: TextEncoderRow) -> tuple[Config, Tensors]:
    """Config and weights for a CLIPTextModel, or for one with projection where it is pooled. Raises ModelUnreadable."""
    own = {row.prefix + k: v for k, v in _below(tensors, row.prefix, "text encoder").items()}
    try:
        convert = _from_open_clip if row.is_open_clip else _from_clip
        converted = convert(own, row)
        return _text_config(converted, row), converted
    except (KeyError, IndexError, ValueError) as error:
        raise unlike("text encoder", error) from None


def _unet_config(own: Tensors, family: Family) -> Config:
    levels = levels_of(own)
    widths = [
        int(own[f"input_blocks.{level[-1]}.0.out_layers.3.weight"].shape[0]) for level in levels
    ]
    depths = [depth_of(own, f"input_blocks.{level[0]}.1.") for level in levels]
    # The middle is as deep as its list's last number says, also where the level before it has no attention.
    deepest = depths[-1] or depth_of(own, "middle_block.1.")
    texts = next(v for k, v in own.items() if k.endswith(".attn2.to_k.weight"))
    some_projection = next(v for k, v in own.items() if k.endswith(".1.proj_in.weight"))
    config: Config = {
        "in_channels": int(own["input_blocks.0.0.weight"].shape[1]),
        "out_channels": int(own["out.2.weight"].shape[0]),
        "block_out_channels": widths,
        "layers_per_block": len(levels[0]),
        "down_block_types": [block_type("Down", depth) for depth in depths],
        "up_block_types": [block_type("Up", depth) for depth in reversed(depths)],
        "transformer_layers_per_block": [max(1, depth) for depth in (*depths[:-1], deepest)],
        "cross_attention_dim": int(texts.shape[1]),
        "use_linear_projection": some_projection.ndim == 2,
        # Called a dimension by diffusers, and a number of heads.
        "attention_head_dim": family.heads or [heads_for(width) for width in widths],
    }
    if "label_emb.0.0.weight" in own:
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": int(own["label_emb.0.0.weight"].shape[1]),
        }
    return config


def levels_of(own: Tensors) -> list[list[int]]:
    """The numbers of the input blocks that are residual, by level: each level but the last ends with a downsampling."""
    levels: list[list[int]] = [[]]
    for number in range(1, 1 + max(numbers(own, "input_blocks."))):
        if f"input_blocks.{number}.0.op.weight" in own:
            levels.append([])
        else:
            levels[-1].append(number)
    return levels


def block_type(direction: str, depth: int) -> str:
    return f"CrossAttn{direction}Block2D" if depth else f"{direction}Block2D"


def depth_of(own: Tensors, prefix: str) -> int:
    """How many transformer blocks an attention has; 0 where there is none."""
    return len(numbers(own, prefix + "transformer_blocks."))


def heads_for(width: int) -> int:
    return max(1, width // CHANNELS_PER_HEAD)


def _vae_config(own: Tensors, family: Family) -> Config:
    levels = sorted(numbers(own, "encoder.down."))
    return {
        "block_out_channels": [
            int(own[f"encoder.down.{level}.block.0.conv1.weight"].shape[0]) for level in levels
        ],
        "layers_per_block": len(numbers(own, "encoder.down.0.block.")),
        "latent_channels": int(own["decoder.conv_in.weight"].shape[1]),
        "down_block_types": ["DownEncoderBlock2D"] * len(levels),
        "up_block_types": ["UpDecoderBlock2D"] * len(levels),
        "scaling_factor": family.scaling_factor,
    }


def _from_clip(own: Tensors, row: TextEncoderRow) -> Tensors:
    return dict(convert_ldm_clip_checkpoint(own))  # type: ignore[no-untyped-call]


def _from_open_clip(own: Tensors, row: TextEncoderRow) -> Tensors:
    width = own[row.prefix + "token_embedding.weight"].shape[1]
    model = SimpleNamespace(config=SimpleNamespace(hidden_size=width))
    converted: Tensors = convert_open_clip_checkpoint(  # type: ignore[no-untyped-call]
        model, own, prefix=row.prefix
    )
    if row.is_pooled:
        return converted
    # The last but one layer speaks; the last one would only cost memory. A file that was written from a diffusers
    # folder has it no more, nor the projection.
    converted.pop("text_projection.weight", None)
    is_whole = f"{row.prefix}text_projection" in own
    layers = numbers(own, row.prefix + "transformer.resblocks.")
    last = f"text_model.encoder.layers.{max(layers)}."
    return {k: v for k, v in converted.items() if not (is_whole and k.startswith(last))}


def _text_config(converted: Tensors, row: TextEncoderRow) -> Config:
    names = {name.removeprefix("text_model."): tensor for name, tensor in converted.items()}
    words = names["embeddings.token_embedding.weight"]
    width = int(words.shape[1])
    projection = converted.get("text_projection.weight")
    return {
        "vocab_size": int(words.shape[0]),
        "hidden_size": width,
        "intermediate_size": int(names["encoder.layers.0.mlp.fc1.weight"].shape[0]),
        "num_hidden_layers": len(numbers(names, "encoder.layers.")),
        "num_attention_heads": heads_for(width),
        "max_position_embeddings": int(names["embeddings.position_embedding.weight"].shape[0]),
        "hidden_act": "gelu" if row.is_open_clip else "quick_gelu",
        "projection_dim": width if projection is None else int(projection.shape[0]),
        "bos_token_id": END_OF_TEXT - 1,
        "eos_token_id": END_OF_TEXT,
        "pad_token_id": END_OF_TEXT if row.padding is None else row.padding,
    }


def _below(tensors: Tensors, prefix: str, what: str) -> Tensors:
    own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    if not own:
        raise ModelUnreadable(
            f"The file holds no {what} (nothing begins with {prefix}).",
            "Choose a whole checkpoint; this one is only a part of one.",
        )
    return own


def check_all_used(what: str, own: Tensors, converted: Tensors) -> None:
    """Raises ModelUnreadable when the conversion has left tensors out: it says nothing about what it does not know."""
    used = {
        tensor.data_ptr() for tensor in converted.values()
    }  # a view begins where its tensor does
    left = sorted(name for name, tensor in own.items() if tensor.data_ptr() not in used)
    if left:
        raise ModelUnreadable(
            f"The {what} in the file has {len(left)} tensors that no {what} of its family has, the first is {left[0]}.",
            "This kind of model is not supported, or the file is damaged.",
        )


def numbers(names: Mapping[str, Any] | Iterable[str], prefix: str) -> set[int]:
    """The numbers that follow a prefix, e.g. of the layers."""
    pattern = re.compile(re.escape(prefix) + r"(\d+)\.")
    return {int(found[1]) for name in names if (found := pattern.match(name))}


def unlike(what: str, error: Exception) -> ModelUnreadable:
    return ModelUnreadable(
        f"The {what} in the file is built unlike those of its family ({type(error).__name__}: {error}).",
        "Download or copy the file again; if it stays so, this kind of model is not supported.",
    )
