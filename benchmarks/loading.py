"""Loading: full-size single files of random numbers, against diffusers' from_single_file; and switching back from RAM.

The files have the size, layout and number format (float16) of the real ones; how long they take to load does not depend
on the numbers in them. Both sides read the same file to the same number format, and find it in the system's cache.
"""

from __future__ import annotations

import dataclasses
import gc
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import nn
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from benchmarks.measure import Cost, median, seconds, take_turns, unit
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table
from pipelines.catalog.checkpoint import CLIP_VOCABULARY
from pipelines.worker.device.choice import Device, pick_device, settle
from pipelines.worker.device.memory import Memory
from pipelines.worker.messages import CheckpointRef, Launch
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import build
from pipelines.worker.weights.reading import read
from tests import original_layout, tiny
from tests.pipelines.worker.weights.test_full_size import published

FIRST_GOAL, BACK_GOAL = Goal(0.5, is_at_least=False), Goal(0.2, is_at_least=False)
ROOM_FOR_TWO = 3.5  # times the file, free, so that two models stay in memory
PARAMETERS = 860_000_000  # of a denoiser; smaller ones compute in another number format


@dataclass(frozen=True)
class Size:
    """A family at full size. `memory_gb`: what writing and loading its file takes."""

    family: str
    title: str
    pipeline: Any
    rounds: int
    memory_gb: int


SIZES = (
    Size("sd15", "Stable Diffusion 1.5, 2.1 GB", StableDiffusionPipeline, 5, 8),
    Size("sdxl", "Stable Diffusion XL, 6.9 GB", StableDiffusionXLPipeline, 2, 16),
)


def run(subject: Subject) -> list[Table]:
    device = pick_device(Launch(device=subject.device))
    settle(device)
    tables = []
    for size in SIZES:
        if psutil.virtual_memory().available < size.memory_gb * 2**30:
            print(f"{size.title}: left out, it needs {size.memory_gb} GB of free memory.")
            continue
        with tempfile.TemporaryDirectory() as folder:
            tables.append(_compare(size, *write(Path(folder), size.family), device))
        gc.collect()
    return tables


def _compare(size: Size, file: Path, configs: Path, device: Device) -> Table:
    ref = CheckpointRef(
        "full", str(file), size.family, is_single_file=True, tokenizer=str(CLIP_VOCABULARY)
    )
    kind, dtype = device.torch_device.type, device.dtype_for(PARAMETERS)

    def ours() -> None:
        build(read(ref, device), device)

    def theirs() -> None:
        size.pipeline.from_single_file(
            str(file), config=str(configs), dtype=dtype, local_files_only=True
        ).to(device.torch_device)

    costs = take_turns(
        {"Darkroom": ours, "diffusers": theirs}, size.rounds, warm_ups=size.rounds > 2
    )
    mine, other = (median([cost.on(kind) for cost in taken]) for taken in costs.values())
    rows = [
        Row("diffusers, from_single_file", (seconds(other),)),
        Row("Darkroom, every number looked at", (seconds(mine),), mine / other, FIRST_GOAL),
    ]
    if psutil.virtual_memory().available > ROOM_FOR_TWO * file.stat().st_size:
        costs["back"] = _switches(ref, device)
        back = median([cost.on(kind) for cost in costs["back"]])
        rows.append(Row("Darkroom, back from RAM", (seconds(back),), back / other, BACK_GOAL))
    method = (
        f"Median of {size.rounds} interleaved pairs; float16 to {str(dtype)[6:]} on {kind}, from the system's cache, "
        f"{torch.get_num_threads()} thread. Back from RAM: another checkpoint was in use since."
    )
    samples = {
        name: [(cost.cpu_seconds, cost.wall_seconds) for cost in taken]
        for name, taken in costs.items()
    }
    return Table(f"Loading {size.title}", method, (unit(kind),), tuple(rows), samples)


def _switches(ref: CheckpointRef, device: Device) -> list[Cost]:
    """Between two checkpoints that both stay in memory: a model is leased, and its networks are where they compute."""
    memory = Memory(device.torch_device)
    models = Models(device, memory, ThreadPoolExecutor(1), Launch(device=str(device.torch_device)))
    twin = Path(ref.path).with_name("other.safetensors")
    twin.hardlink_to(ref.path)
    refs = [ref, dataclasses.replace(ref, name="other", path=str(twin))]

    def use(one: CheckpointRef) -> Callable[[], None]:
        def work() -> None:
            while (model := models.lease(one)) is None:
                pass
            components = [model.denoiser, *(encoder.component for encoder in model.text_encoders)]
            for component in (*components, model.vae.decode):
                models.fit(component, 0)
            models.release(model)

        return work

    for one in refs:
        use(one)()
    return take_turns({one.name: use(one) for one in refs}, 3)[ref.name]


def write(folder: Path, family: str) -> tuple[Path, Path]:
    """The file, and a folder with the configs that diffusers wants to be told."""
    tokenizer = CLIPTokenizer.from_pretrained(CLIP_VOCABULARY, model_max_length=77)
    parts = published(family)
    second = parts.text_encoder_2
    parts = dataclasses.replace(
        parts,
        text_encoder=filled(parts.text_encoder),
        tokenizer=tokenizer,
        unet=filled(parts.unet),
        vae=filled(parts.vae),
        text_encoder_2=None if second is None else filled(second),
        tokenizer_2=None if second is None else tokenizer,
    )
    file = original_layout.save(folder / f"{family}.safetensors", parts, torch.float16)
    tiny.save(folder / "configs", parts)
    for weights in (folder / "configs").rglob("*.safetensors"):
        weights.unlink()
    del parts
    gc.collect()
    return file, folder / "configs"


def filled(network: nn.Module) -> nn.Module:
    """Small random numbers, one block of them again and again: what is in a file does not change its loading."""
    block = torch.randn(1 << 20).mul(0.02).half()
    state = {}
    for name, tensor in network.state_dict().items():
        times = -(-tensor.numel() // len(block))
        state[name] = block.repeat(times)[: tensor.numel()].reshape(tensor.shape).clone()
    network.load_state_dict(state, assign=True)
    return network
