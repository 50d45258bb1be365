"""Toy SD 1.x families through the real diffusers and transformers classes, built in well under a second.

`components()` gives the modules, `save()` writes them as a diffusers folder such as users have under models/.
The weights are random but tame: pictures are finite, and every conditioning and seed makes another one.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from safetensors.torch import save_file
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel
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
    heads: int = 2
    groups: int = 4


TOY = Size()
STARTER_LIKE = Size((48, 96, 128), (False, True, True), (16, 24, 48, 96), 128, 2, 4, 8)


@dataclass(frozen=True)
class Components:
    """The parts of one checkpoint, on the CPU in float32, in eval mode."""

    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    scheduler: DDIMScheduler

    def as_dict(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def components(size: Size = TOY, seed: int = 0, prediction_type: str = "epsilon") -> Components:
    """A family of random weights; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = byte_tokenizer()
        return Components(
            text_encoder=_text_encoder(size, tokenizer),
            tokenizer=tokenizer,
            unet=_unet(size),
            vae=_vae(size),
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


def save(folder: Path, parts: Components) -> CheckpointRef:
    """Writes the parts as a diffusers folder (StableDiffusionPipeline) and returns its reference."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, module, file in (
        ("unet", parts.unet, "diffusion_pytorch_model.safetensors"),
        ("vae", parts.vae, "diffusion_pytorch_model.safetensors"),
        ("text_encoder", parts.text_encoder, "model.safetensors"),
    ):
        (folder / name).mkdir(exist_ok=True)
        weights = {key: value.contiguous() for key, value in module.state_dict().items()}
        save_file(weights, folder / name / file, metadata={"format": "pt"})
        config = module.config.to_dict() if name == "text_encoder" else dict(module.config)
        config["_class_name"] = type(module).__name__
        (folder / name / "config.json").write_text(json.dumps(config))
    parts.tokenizer.save_pretrained(folder / "tokenizer")
    parts.scheduler.save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(MODEL_INDEX))
    return CheckpointRef(name=folder.name, path=str(folder), family="sd15")


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


def _byte_letters() -> list[str]:
    """The 256 characters by which byte-level tokenizers write the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]


def _text_encoder(size: Size, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.text,
        intermediate_size=2 * size.text,
        num_hidden_layers=size.text_layers,
        num_attention_heads=size.heads,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config).eval()


def _unet(size: Size) -> UNet2DConditionModel:
    down = tuple("CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in size.cross)
    up = tuple("CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(size.cross))
    return UNet2DConditionModel(
        sample_size=8 if size is TOY else 16,
        in_channels=4,
        out_channels=4,
        block_out_channels=size.unet,
        layers_per_block=1,
        down_block_types=down,
        up_block_types=up,
        cross_attention_dim=size.text,
        attention_head_dim=size.heads,
        norm_num_groups=size.groups,
    ).eval()


def _vae(size: Size) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=size.vae,
        down_block_types=("DownEncoderBlock2D",) * len(size.vae),
        up_block_types=("UpDecoderBlock2D",) * len(size.vae),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        sample_size=64 if size is TOY else 128,
        scaling_factor=0.18215,
    ).eval()
