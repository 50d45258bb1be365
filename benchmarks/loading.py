"""Loading: a full-size Stable Diffusion 1.5 in a single file of random numbers, against diffusers' from_single_file.

The file has the size, layout and number format (float16) of the real one; how long it takes to load does not depend on
the numbers in it. Both sides read the same file to the same number format, and find it in the system's cache.
"""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from torch import nn
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from benchmarks.measure import median, seconds, take_turns, unit
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table
from pipelines.catalog.checkpoint import CLIP_VOCABULARY
from pipelines.worker.device.choice import pick_device, settle
from pipelines.worker.messages import CheckpointRef, Launch
from pipelines.worker.weights.loading import build
from pipelines.worker.weights.reading import read
from tests import original_layout, tiny

ROUNDS = 5
GOAL = Goal(0.5, is_at_least=False)


def run(subject: Subject) -> list[Table]:
    device = pick_device(Launch(device=subject.device))
    settle(device)
    with tempfile.TemporaryDirectory() as folder:
        file, configs = write(Path(folder))
        ref = CheckpointRef(
            "full", str(file), "sd15", is_single_file=True, tokenizer=str(CLIP_VOCABULARY)
        )
        dtype = device.dtype_for(860_000_000)

        def ours() -> None:
            build(read(ref, device), device)

        def theirs() -> None:
            loaded = StableDiffusionPipeline.from_single_file(
                str(file),
                config=str(configs),
                dtype=dtype,
                torch_dtype=dtype,
                local_files_only=True,
            )
            loaded.to(device.torch_device)

        costs = take_turns({"Darkroom": ours, "diffusers": theirs}, ROUNDS)
    mine, other = (median([cost.on(subject.device) for cost in taken]) for taken in costs.values())
    rows = (
        Row("diffusers, from_single_file", (seconds(other),)),
        Row("Darkroom, every number looked at", (seconds(mine),), mine / other, GOAL),
    )
    method = (
        f"Median of {ROUNDS} interleaved pairs; 2.1 GB in float16 to {str(dtype)[6:]} on {subject.device}, "
        f"from the system's cache, {torch.get_num_threads()} thread."
    )
    samples = {
        name: [(cost.cpu_seconds, cost.wall_seconds) for cost in taken]
        for name, taken in costs.items()
    }
    return [Table("Loading Stable Diffusion 1.5", method, (unit(subject.device),), rows, samples)]


def write(folder: Path) -> tuple[Path, Path]:
    """The file, and a folder with the configs that diffusers wants to be told."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
            sample_size=512,
        )
        text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=49408,
                hidden_size=768,
                intermediate_size=3072,
                num_hidden_layers=12,
                num_attention_heads=12,
                bos_token_id=49406,
                eos_token_id=49407,
                pad_token_id=49407,
            )
        )
    parts = tiny.Components(
        text_encoder=_filled(text_encoder),
        tokenizer=CLIPTokenizer.from_pretrained(CLIP_VOCABULARY, model_max_length=77),
        unet=_filled(unet),
        vae=_filled(vae),
        scheduler=tiny.components().scheduler,
    )
    file = original_layout.save(folder / "sd15.safetensors", parts, torch.float16)
    tiny.save(folder / "configs", parts)
    for weights in (folder / "configs").rglob("*.safetensors"):
        weights.unlink()
    del parts
    gc.collect()
    return file, folder / "configs"


def _filled(network: nn.Module) -> nn.Module:
    """Small random numbers, one block of them again and again: what is in a file does not change its loading."""
    block = torch.randn(1 << 20).mul(0.02).half()
    state = {}
    for name, tensor in network.state_dict().items():
        times = -(-tensor.numel() // len(block))
        state[name] = block.repeat(times)[: tensor.numel()].reshape(tensor.shape).clone()
    network.load_state_dict(state, assign=True)
    return network
