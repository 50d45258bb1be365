"""CLIP's image encoders, which IP-Adapters look through: a file, or one in a folder with its config."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.models.clip.configuration_clip import CLIPVisionConfig
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.clip.modeling_clip import CLIPVisionModelWithProjection

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import GuideRef
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.loading import Model, network_of
from pipelines.worker.weights.network import Network
from pipelines.worker.weights.original_layout import Config, Tensors, numbers, unlike
from pipelines.worker.weights.reading import Part, copied_part, read_json, tensors_of

EMBEDDINGS = "vision_model.embeddings."
LAYERS = "vision_model.encoder.layers."
# What shapes do not say: width → heads. ViT-B, -L, -H and -bigG; others have one for each 64 numbers.
HEADS = {768: 12, 1024: 16, 1280: 16, 1664: 16}
QUICK_WIDTHS = (768, 1024)  # OpenAI's own, whose activation is an approximation


@dataclass(frozen=True, eq=False)
class ImageEncoder:
    """`component`: pixel_values (1, 3, size, size) → hidden states of all layers and `image_embeds`."""

    networks: tuple[Network, ...]
    component: Component
    prepare: CLIPImageProcessorPil  # a picture → pixel values

    @property
    def home_bytes(self) -> int:
        return sum(network.home_bytes for network in self.networks)


def read(ref: GuideRef, family: Family, device: Device, dtype: torch.dtype) -> Part:
    """Config and checked tensors. Raises ModelUnreadable."""
    file = Path(ref.path)
    tensors = {k: v for k, v in tensors_of(file).items() if not k.endswith("position_ids")}
    beside = file.with_name("config.json")
    config = read_json(beside) if beside.is_file() else {}
    source = str(beside)
    if config.get("model_type") != "clip_vision_model":
        source = f"{file}, by its shapes,"
        try:
            config = _config(tensors)
        except (KeyError, IndexError) as error:
            why = unlike("image encoder", error)
            raise ModelUnreadable(f"{file} cannot be used. {why.message}", why.remedy) from None
    return copied_part(Part(file, config, source, tensors), device, dtype)


def build(part: Part, model: Model, device: Device) -> ImageEncoder:
    """Beside the model. Raises ModelUnreadable."""
    module = network_of(_encoder, part)
    where = (model.device, model.dtype)
    network = Network("image encoder", module, where, moves=device.has_own_memory)
    component = Component("image encoder", module, part.parameters, network=network)
    size = module.config.image_size
    return ImageEncoder((network,), component, CLIPImageProcessorPil(size=size, crop_size=size))


def _encoder(config: dict[str, Any]) -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(CLIPVisionConfig.from_dict(config))


def _config(own: Tensors) -> Config:
    width = int(own[f"{EMBEDDINGS}class_embedding"].shape[0])
    patch = int(own[f"{EMBEDDINGS}patch_embedding.weight"].shape[-1])
    places = int(own[f"{EMBEDDINGS}position_embedding.weight"].shape[0]) - 1
    return {
        "hidden_size": width,
        "intermediate_size": int(own[f"{LAYERS}0.mlp.fc1.weight"].shape[0]),
        "projection_dim": int(own["visual_projection.weight"].shape[0]),
        "num_hidden_layers": len(numbers(own, LAYERS)),
        "num_attention_heads": HEADS.get(width, max(1, width // 64)),
        "patch_size": patch,
        "image_size": patch * math.isqrt(places),
        "hidden_act": "quick_gelu" if width in QUICK_WIDTHS else "gelu",
    }
