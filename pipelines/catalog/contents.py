"""What a checkpoint in the original layout must hold to be run; and why another one cannot be.

These are a few tensors of each network, such that none is there without its network. Whether really all are there
is seen when the checkpoint is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.catalog.families import FAMILIES
from pipelines.catalog.signatures import CHANNELS, CHANNELS_RUN, WIDTHS, find_variant
from pipelines.catalog.weights_file import Header

Shapes = Mapping[str, tuple[int, ...]]

NOT_YET = "which is not supported yet"
NO_FAMILY = "holds a UNet of an unknown kind and no text encoder"
UNKNOWN = "is a checkpoint of an unknown kind"
FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"
EIGHT_BITS = frozenset(("F8_E4M3", "F8_E5M2"))
NETWORKS = {
    "UNet": (
        "model.diffusion_model.",
        "input_blocks.0.0.weight time_embed.0.weight middle_block.0.in_layers.0.weight "
        "output_blocks.0.0.in_layers.0.weight out.2.weight",
    ),
    "VAE": (
        "first_stage_model.",
        "encoder.conv_in.weight encoder.conv_out.weight quant_conv.weight "
        "post_quant_conv.weight decoder.conv_in.weight decoder.conv_out.weight",
    ),
}
CLIP = (
    "embeddings.token_embedding.weight embeddings.position_embedding.weight "
    "encoder.layers.0.self_attn.q_proj.weight final_layer_norm.weight"
)
OPEN_CLIP = (
    "token_embedding.weight positional_embedding transformer.resblocks.0.attn.in_proj_weight "
    "ln_final.weight"
)
TEXT_ENCODERS = {
    "sd15": {"text encoder": ("cond_stage_model.transformer.", CLIP)},
    "sd2": {"text encoder": ("cond_stage_model.model.", OPEN_CLIP)},
    "sdxl": {
        "UNet": ("model.diffusion_model.", "label_emb.0.0.weight"),
        "first text encoder": ("conditioner.embedders.0.transformer.", CLIP),
        "second text encoder": ("conditioner.embedders.1.model.", f"{OPEN_CLIP} text_projection"),
    },
    "sdxl_refiner": {
        "UNet": ("model.diffusion_model.", "label_emb.0.0.weight"),
        "text encoder": ("conditioner.embedders.0.model.", f"{OPEN_CLIP} text_projection"),
    },
}
# The layer that reads the prompt, in a UNet or ControlNet, or in a LoRA or IP-Adapter for one.
READS_PROMPT = re.compile(
    r".*attn2[._]to_k[._](?!.*(?:up|lora_B)\.)(?:.*\.)?weight$|ip_adapter\.\d+\.to_k_ip\.weight$"
)


def why_not(family: str, header: Header) -> str:
    """Why this checkpoint cannot be run, as the end of a sentence that begins with its name; else empty."""
    shapes = header.shapes
    variant = find_variant(shapes)
    if variant:
        return variant
    channels = _channels(shapes)
    if channels not in CHANNELS_RUN:
        return f"{CHANNELS.get(channels, UNKNOWN)} ({channels} input channels), {NOT_YET}"
    if family not in FAMILIES:
        return f"is of the family {family}, {NOT_YET}" if family else NO_FAMILY
    if header.dtypes & EIGHT_BITS:
        return f"has weights of 8 bits, {NOT_YET}; choose its fp16 file"
    return next((lack for lack in _lacks(family, shapes)), "")


def variant_of(shapes: Shapes) -> str:
    """ "inpainting", or "" for an ordinary checkpoint."""
    return CHANNELS_RUN.get(_channels(shapes), "")


def _channels(shapes: Shapes) -> int:
    """Of the UNet's input; 4 where its first layer is not there or is damaged."""
    first = shapes.get(FIRST_LAYER, ())
    return first[1] if len(first) == 4 else 4


def family_by_width(shapes: Shapes) -> str:
    """The family, by the width of what the attention to the prompt reads; "" when that says nothing."""
    for name, shape in shapes.items():
        if len(shape) >= 2 and READS_PROMPT.match(name):
            return WIDTHS.get(shape[1], "")
    return ""


def _lacks(family: str, shapes: Shapes) -> list[str]:
    """What is missing, the most important first."""
    lacks = []
    # Older files leave the middle of these names out.
    names = {name.replace(".transformer.text_model.", ".transformer.") for name in shapes}
    for network, (prefix, tensors) in (*NETWORKS.items(), *TEXT_ENCODERS[family].items()):
        missing = [name for name in tensors.split() if prefix + name not in names]
        if missing and not any(name.startswith(prefix) for name in names):
            lacks.append(f"has no {network} (nothing begins with {prefix}); choose a whole file")
        elif missing:
            lacks.append(f"is damaged or built unlike its family: {prefix}{missing[0]} is missing")
    return lacks
