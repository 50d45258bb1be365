"""Files of full size, as shapes without numbers: what is read off them is how the published models are built."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import nn
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection

from pipelines.worker.weights import original_layout as layout
from pipelines.worker.weights.families import find_family
from tests import original_layout, tiny

# As the published configs have them: runwayml/stable-diffusion-v1-5, stabilityai/stable-diffusion-2-1, -xl-base-1.0,
# -xl-refiner-1.0.
UNETS: dict[str, dict[str, Any]] = {
    "sd15": {"cross_attention_dim": 768, "attention_head_dim": 8},
    "sd2": {
        "cross_attention_dim": 1024,
        "attention_head_dim": [5, 10, 20, 20],
        "use_linear_projection": True,
    },
    "sdxl": {
        "cross_attention_dim": 2048,
        "attention_head_dim": [5, 10, 20],
        "use_linear_projection": True,
        "block_out_channels": [320, 640, 1280],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "transformer_layers_per_block": [1, 2, 10],
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    "sdxl_refiner": {
        "cross_attention_dim": 1280,
        "attention_head_dim": [6, 12, 24, 24],
        "use_linear_projection": True,
        "block_out_channels": [384, 768, 1536, 1536],
        "down_block_types": [
            "DownBlock2D",
            "CrossAttnDownBlock2D",
            "CrossAttnDownBlock2D",
            "DownBlock2D",
        ],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "transformer_layers_per_block": 4,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2560,
    },
}
CLIP_L = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
CLIP_H = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
}
CLIP_G = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
}
TEXTS: dict[str, tuple[dict[str, Any], ...]] = {
    "sd15": ({**CLIP_L, "hidden_act": "quick_gelu"},),
    "sd2": ({**CLIP_H, "hidden_act": "gelu"},),
    "sdxl": (
        {**CLIP_L, "hidden_act": "quick_gelu"},
        {**CLIP_G, "hidden_act": "gelu", "projection_dim": 1280},
    ),
    "sdxl_refiner": ({**CLIP_G, "hidden_act": "gelu", "projection_dim": 1280},),
}
PARAMETERS = {
    "sd15": 859_520_964,
    "sd2": 865_910_724,
    "sdxl": 2_567_463_684,
    "sdxl_refiner": 2_259_526_660,
}
# What is read off where a published config says it in another way: levels without attention need no number.
READ = {"sdxl_refiner": {"transformer_layers_per_block": [1, 4, 4, 4]}}
# runwayml/stable-diffusion-inpainting, stabilityai/stable-diffusion-2-inpainting, diffusers/…-xl-…-inpainting-0.1: a
# first layer of five more channels.
for family in ("sd15", "sd2", "sdxl"):
    UNETS[f"{family} inpainting"] = UNETS[family] | {"in_channels": 9}
    PARAMETERS[f"{family} inpainting"] = PARAMETERS[family] + 5 * 320 * 9


def published(family: str) -> tiny.Components:
    with torch.device("meta"):
        texts: dict[bool, Any] = {}  # by whether it is pooled
        for config in TEXTS[family.split()[0]]:
            is_pooled = "projection_dim" in config
            kind = CLIPTextModelWithProjection if is_pooled else CLIPTextModel
            texts[is_pooled] = kind(CLIPTextConfig(vocab_size=49408, **config))
        return tiny.Components(
            text_encoder=texts.get(False),
            tokenizer=tiny.byte_tokenizer(),
            unet=UNet2DConditionModel(**UNETS[family]),
            vae=AutoencoderKL(
                block_out_channels=(128, 256, 512, 512),
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                layers_per_block=2,
                latent_channels=4,
            ),
            scheduler=tiny.components().scheduler,
            text_encoder_2=texts.get(True),
        )


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def sizes(tensors: dict[str, torch.Tensor], like: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Shapes by today's names."""
    plain = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    found = {name: tuple(tensor.shape) for name, tensor in plain.items()}
    return {name: found.get(name.removeprefix("text_model.")) for name in like} | {
        name: shape
        for name, shape in found.items()
        if f"text_model.{name}" not in like and name not in like
    }


@pytest.mark.parametrize("family", UNETS)
def test_the_shapes_of_a_published_model_say_how_it_is_built(family: str) -> None:
    parts, row = published(family), find_family(family.split()[0])
    tensors = original_layout.tensors_of(parts)

    config, unet = layout.unet(tensors, row)
    vae_config, vae = layout.vae(tensors, row)

    assert sum(tensor.numel() for tensor in unet.values()) == PARAMETERS[family]
    assert sizes(unet, shapes(parts.unet)) == shapes(parts.unet)
    assert sizes(vae, shapes(parts.vae)) == shapes(parts.vae)
    for name, value in (UNETS[family] | READ.get(family, {})).items():
        assert config[name] == value, name
    assert config["block_out_channels"] == list(parts.unet.config.block_out_channels)
    assert vae_config["block_out_channels"] == [128, 256, 512, 512]
    networks = [one for one in (parts.text_encoder, parts.text_encoder_2) if one is not None]
    texts = TEXTS[family.split()[0]]
    for text_row, network, wanted in zip(row.text_encoders, networks, texts, strict=True):
        text_config, text = layout.text_encoder(tensors, text_row)
        assert wanted.items() <= text_config.items()
        assert sizes(text, shapes(network)) == shapes(network)
