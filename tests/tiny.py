"""Toy families through the real diffusers and transformers classes, built in well under a second.

`components()` gives the modules, `save()` writes them as a diffusers folder such as users have under models/;
`tests/original_layout.py` writes them as a single file.
The weights are random but tame: pictures are finite, and every conditioning and seed makes another one.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from safetensors.torch import save_file
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from pipelines.worker.messages import CheckpointRef

START, END = "<|startoftext|>", "<|endoftext|>"


@dataclass(frozen=True)
class Size:
    """How large a toy is. `STARTER_LIKE` costs what the starter model costs, for timings."""

    unet: tuple[int, ...] = (8, 16)
    cross: tuple[bool, ...] = (True, False)
    vae: tuple[int, ...] = (4, 8, 8, 8)
    text: int = 16
    text_layers: int = 1
    heads: int | tuple[int, ...] = 2
    groups: int = 4
    text_heads: int = 2
    text_2: int = 0  # the second text encoder of SDXL
    channels: int = 4  # of the UNet's input; an inpainting model has 9


TOY = Size()
STARTER_LIKE = Size((48, 96, 128), (False, True, True), (16, 24, 48, 96), 128, 2, 4, 8, 4)
# As a single file must be built, whose shapes say its sizes: 32 groups, and a head for each 64 channels of a text.
PLAIN = {
    "sd15": Size((32, 64), (True, False), (32, 32, 32, 32), 32, 2, 8, 32, 1),
    "sd2": Size((32, 64), (True, False), (32, 32, 32, 32), 32, 2, (1, 1), 32, 1),
    "sdxl": Size((32, 64), (False, True), (32, 32, 32, 32), 32, 3, (1, 1), 32, 1, 64),
}
REFINER = {"sdxl_refiner": Size((32, 64), (True, False), (32, 32, 32, 32), 0, 3, (1, 1), 32, 1, 64)}
# Of every kind: a family, or one and what is different about it.
PLAIN |= {
    f"{kind} inpainting": dataclasses.replace(size, channels=9) for kind, size in PLAIN.items()
} | REFINER


@dataclass(frozen=True)
class Components:
    """The parts of one checkpoint, on the CPU in float32, in eval mode."""

    text_encoder: CLIPTextModel  # None in a refiner, as its tokenizer
    tokenizer: CLIPTokenizer
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    scheduler: DDIMScheduler
    text_encoder_2: CLIPTextModelWithProjection | None = None
    tokenizer_2: CLIPTokenizer | None = None

    @property
    def family(self) -> str:
        if self.text_encoder_2 is not None:
            return "sdxl" if self.text_encoder is not None else "sdxl_refiner"
        return "sd2" if self.text_encoder.config.hidden_act == "gelu" else "sd15"

    def as_dict(self) -> dict[str, object]:
        """All parts that there are, by the names that a pipeline of diffusers gives them."""
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: part for name, part in parts.items() if part is not None}


def components(
    size: Size = TOY,
    seed: int = 0,
    prediction_type: str = "epsilon",
    family: str = "sd15",
    tokenizer: CLIPTokenizer | None = None,
) -> Components:
    """A checkpoint of random weights; the same seed gives the same weights. Without `tokenizer`, the one of bytes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = tokenizer or byte_tokenizer()
        second: dict[str, Any] = {}
        is_refiner = family == "sdxl_refiner"
        if family.startswith("sdxl"):
            other = dataclasses.replace(size, text=size.text_2)
            second = {
                "text_encoder_2": _text_encoder(
                    other, tokenizer, CLIPTextModelWithProjection, "gelu"
                ),
                "tokenizer_2": _padded_with_exclamation_marks(tokenizer),
            }
        return Components(
            text_encoder=None
            if is_refiner
            else _text_encoder(
                size, tokenizer, CLIPTextModel, "gelu" if family == "sd2" else "quick_gelu"
            ),
            tokenizer=None
            if is_refiner
            else _padded_with_exclamation_marks(tokenizer)
            if family == "sd2"
            else tokenizer,
            unet=_unet(size, family),
            vae=_vae(size, 0.13025 if second else 0.18215),
            **second,
            scheduler=DDIMScheduler(
                beta_start=0.00085,
                beta_end=0.012,
                beta_schedule="scaled_linear",
                clip_sample=False,
                set_alpha_to_one=False,
                steps_offset=1,
                prediction_type=prediction_type,
            ),
        )


def byte_tokenizer() -> CLIPTokenizer:
    """A CLIP tokenizer without merges: every byte of the text is one token."""
    letters = sorted(_byte_letters())
    vocabulary = [*letters, *(letter + "</w>" for letter in letters), START, END]
    ids = {token: number for number, token in enumerate(vocabulary)}
    return CLIPTokenizer(vocab=ids, merges=[], model_max_length=77)


def _padded_with_exclamation_marks(tokenizer: CLIPTokenizer) -> CLIPTokenizer:
    """As the tokenizers that come with OpenCLIP's encoders."""
    other = copy.deepcopy(tokenizer)
    other.pad_token = "!"
    return other


def save(folder: Path, parts: Components) -> CheckpointRef:
    """Writes the parts as a diffusers folder (StableDiffusionPipeline, -XL) and returns its reference."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, module, file in (
        ("unet", parts.unet, "diffusion_pytorch_model.safetensors"),
        ("vae", parts.vae, "diffusion_pytorch_model.safetensors"),
        ("text_encoder", parts.text_encoder, "model.safetensors"),
        ("text_encoder_2", parts.text_encoder_2, "model.safetensors"),
    ):
        if module is None:
            continue
        (folder / name).mkdir(exist_ok=True)
        weights = {key: value.contiguous() for key, value in module.state_dict().items()}
        save_file(weights, folder / name / file, metadata={"format": "pt"})
        config = module.config.to_dict() if "text_encoder" in name else dict(module.config)
        config["_class_name"] = type(module).__name__
        (folder / name / "config.json").write_text(json.dumps(config))
    if parts.tokenizer is not None:
        parts.tokenizer.save_pretrained(folder / "tokenizer")
    if parts.tokenizer_2 is not None:
        parts.tokenizer_2.save_pretrained(folder / "tokenizer_2")
    parts.scheduler.save_pretrained(folder / "scheduler")
    index = MODEL_INDEX | (MODEL_INDEX_XL if parts.text_encoder_2 is not None else {})
    if parts.family == "sdxl_refiner":
        index |= MODEL_INDEX_REFINER
    if parts.unet.config.in_channels == 9:
        index["_class_name"] = index["_class_name"].replace("Pipeline", "InpaintPipeline")
    (folder / "model_index.json").write_text(json.dumps(index))
    return CheckpointRef(name=folder.name, path=str(folder), family=parts.family)


MODEL_INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
MODEL_INDEX_XL = {
    "_class_name": "StableDiffusionXLPipeline",
    "force_zeros_for_empty_prompt": True,
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
}


MODEL_INDEX_REFINER = {
    "_class_name": "StableDiffusionXLImg2ImgPipeline",
    "force_zeros_for_empty_prompt": False,
    "requires_aesthetics_score": True,
    "text_encoder": [None, None],
    "tokenizer": [None, None],
}


def _byte_letters() -> list[str]:
    """The 256 characters by which byte-level tokenizers write the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]


def _text_encoder(size: Size, tokenizer: CLIPTokenizer, kind: type, activation: str) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.text,
        intermediate_size=2 * size.text,
        num_hidden_layers=size.text_layers,
        num_attention_heads=size.text_heads,
        max_position_embeddings=77,
        hidden_act=activation,
        projection_dim=size.text,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return kind(config).eval()


def _unet(size: Size, family: str) -> UNet2DConditionModel:
    down = tuple("CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in size.cross)
    up = tuple("CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(size.cross))
    is_refiner = family == "sdxl_refiner"
    more: dict[str, Any] = {}
    if size.text_2:
        more = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": (5 if is_refiner else 6) * 256 + size.text_2,
            "transformer_layers_per_block": 2 if is_refiner else (1, 2),
        }
    return UNet2DConditionModel(
        sample_size=8 if size.unet[0] < 48 else 16,
        in_channels=size.channels,
        out_channels=4,
        block_out_channels=size.unet,
        layers_per_block=1,
        down_block_types=down,
        up_block_types=up,
        cross_attention_dim=size.text + size.text_2,
        attention_head_dim=size.heads,
        norm_num_groups=size.groups,
        use_linear_projection=family != "sd15",
        **more,
    ).eval()


def _vae(size: Size, scaling_factor: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=size.vae,
        down_block_types=("DownEncoderBlock2D",) * len(size.vae),
        up_block_types=("UpDecoderBlock2D",) * len(size.vae),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=min(32, size.vae[0]) if size.groups == 32 else 2,
        sample_size=64 if size.unet[0] < 48 else 128,
        scaling_factor=scaling_factor,
    ).eval()
