"""ControlNets (Zhang et al. 2023, arXiv:2302.05543): read from either layout, built, checked against the denoiser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from diffusers.models.controlnets.controlnet import ControlNetModel
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.batching import BatchRules
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import GuideRef
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.loading import Model, network_of
from pipelines.worker.weights.network import Network
from pipelines.worker.weights.original_layout import (
    Config,
    Tensors,
    block_type,
    check_all_used,
    heads_for,
    levels_of,
    numbers,
    unlike,
)
from pipelines.worker.weights.reading import Part, copied_part, read_json, tensors_of
from pipelines.worker.weights.seamless import edges_meeting

PREFIX = "control_model."
RULES = BatchRules(
    rows=("sample", "encoder_hidden_states", "controlnet_cond", "text_embeds", "time_ids"),
    clock="timestep",
    same=("return_dict", "seamless"),
    steady=("encoder_hidden_states", "controlnet_cond", "text_embeds", "time_ids"),
)
# Of SDXL's, which diffusers does not rename.
LABELS = {
    f"label_emb.0.{place}.{part}": f"add_embedding.linear_{layer}.{part}"
    for place, layer in ((0, 1), (2, 2))
    for part in ("weight", "bias")
}
# What of a config must be as in the denoiser, so that the residuals fit there.
SHARED = ("block_out_channels", "layers_per_block", "cross_attention_dim")


@dataclass(frozen=True, eq=False)
class ControlNet:
    """`component`: sample, timestep, encoder_hidden_states, controlnet_cond (rows, 3, height, width) in 0…1, and
    text_embeds with time_ids for SDXL → the residuals (rows, channels, h, w), that of the middle block last."""

    networks: tuple[Network, ...]
    component: Component

    @property
    def home_bytes(self) -> int:
        return sum(network.home_bytes for network in self.networks)


def read(ref: GuideRef, family: Family, device: Device, dtype: torch.dtype) -> Part:
    """Config and checked tensors, to compute in `dtype`. Raises ModelUnreadable."""
    file = Path(ref.path)
    tensors = tensors_of(file)
    try:
        if any(name.endswith("input_hint_block.0.weight") for name in tensors):
            tensors = _converted(tensors)
        beside = file.with_name("config.json")
        config = read_json(beside) if beside.is_file() else {}
        if config.get("_class_name") == "ControlNetModel":
            part = Part(file, config, str(beside), tensors)
        else:
            part = Part(file, _config(tensors, family), f"{file}, by its shapes,", tensors)
    except ModelUnreadable as error:
        raise ModelUnreadable(f"{file} cannot be used. {error.message}", error.remedy) from None
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        why = unlike("ControlNet", error)
        raise ModelUnreadable(f"{file} cannot be used. {why.message}", why.remedy) from None
    return copied_part(part, device, dtype)


def build(part: Part, model: Model, device: Device) -> ControlNet:
    """Beside the model, in its format. Raises ModelUnreadable, also when it does not fit the model."""
    module: ControlNetModel = network_of(ControlNetModel.from_config, part)
    if device.attention == "xformers":
        module.enable_xformers_memory_efficient_attention()
    mine: Any = module.config
    theirs = model.unet.config
    for name in SHARED:
        if _plain(mine[name]) != _plain(theirs[name]):
            raise ModelUnreadable(
                f"{part.file} does not fit {model.ref.name}: its {name} is {_plain(mine[name])}, "
                f"that of the checkpoint {_plain(theirs[name])}.",
                f"Choose a ControlNet made for checkpoints of the family {model.family.name}.",
            )
    where = (model.device, model.dtype)
    network = Network("ControlNet", module, where, moves=device.has_own_memory)
    work = model.family.denoiser_work(mine.block_out_channels[0]) * model.dtype.itemsize
    component = Component(
        "ControlNet",
        _residuals(module),
        part.parameters,
        RULES,
        network=network,
        work_bytes=work // 2,  # it is the half of a denoiser
    )
    return ControlNet((network,), component)


def _residuals(network: ControlNetModel) -> Any:
    """The network with all its conditions as plain arguments, and one flat tuple of residuals as its answer."""

    def forward(
        text_embeds: Tensor | None = None,
        time_ids: Tensor | None = None,
        seamless: str | None = None,
        **inputs: Any,
    ) -> tuple[Tensor, ...]:
        added = None if time_ids is None else {"text_embeds": text_embeds, "time_ids": time_ids}
        with edges_meeting(seamless):
            down, middle = network(added_cond_kwargs=added, return_dict=False, **inputs)
        return (*down, middle)

    return forward


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


# ---- layouts -------------------------------------------------------------------------------------------


def _converted(tensors: Tensors) -> Tensors:
    """From the original layout to the names of diffusers."""
    own = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items()}
    config = {"layers_per_block": len(levels_of(own)[0])}
    renamed = convert_controlnet_checkpoint(own, config)  # type: ignore[no-untyped-call]
    converted = {name: tensor for name, tensor in renamed.items() if tensor is not None}
    converted |= {new: own[old] for old, new in LABELS.items() if old in own}
    check_all_used("ControlNet", own, converted)
    return converted


def _config(own: Tensors, family: Family) -> Config:
    """What the shapes say, of tensors under the names of diffusers."""
    levels = sorted(numbers(own, "down_blocks."))
    widths = [int(own[f"down_blocks.{n}.resnets.0.conv1.weight"].shape[0]) for n in levels]
    attention = ".attentions.0.transformer_blocks."
    depths = [len(numbers(own, f"down_blocks.{n}{attention}")) for n in levels]
    middle = len(numbers(own, f"mid_block{attention}"))
    blocks = numbers(own, "controlnet_cond_embedding.blocks.")
    texts = next(v for k, v in own.items() if k.endswith(".attn2.to_k.weight"))
    some_projection = next(v for k, v in own.items() if k.endswith(".0.proj_in.weight"))
    config: Config = {
        "in_channels": int(own["conv_in.weight"].shape[1]),
        "conditioning_channels": int(own["controlnet_cond_embedding.conv_in.weight"].shape[1]),
        "conditioning_embedding_out_channels": [
            int(own["controlnet_cond_embedding.conv_in.weight"].shape[0]),
            *(
                int(own[f"controlnet_cond_embedding.blocks.{n}.weight"].shape[0])
                for n in sorted(blocks)
                if n % 2  # the others keep the width
            ),
        ],
        "block_out_channels": widths,
        "layers_per_block": len(numbers(own, "down_blocks.0.resnets.")),
        "down_block_types": [block_type("Down", depth) for depth in depths],
        "mid_block_type": "UNetMidBlock2DCrossAttn" if middle else "UNetMidBlock2D",
        "transformer_layers_per_block": [*(max(1, depth) for depth in depths[:-1]), max(1, middle)],
        "cross_attention_dim": int(texts.shape[1]),
        "use_linear_projection": some_projection.ndim == 2,
        "attention_head_dim": family.heads or [heads_for(width) for width in widths],
    }
    if "add_embedding.linear_1.weight" in own:
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": int(
                own["add_embedding.linear_1.weight"].shape[1]
            ),
        }
    return config
