"""Trainings that are over, with weights of paper in their folders: headers as real ones have, and few zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.catalog.about import About, licence
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.finetune.plan import EMBEDDING, Plan
from pipelines.finetune.results.header import header
from pipelines.finetune.training import Example, Mark, Training
from pipelines.works.work import DONE
from tests.paper_checkpoint import safetensors

LORA_SHAPES = {
    "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 768),
    "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight": (320, 4),
    "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.alpha": (),
}  # fmt: skip
EMBEDDING_SHAPES = {"emb_params": (4, 768)}
RAIL = licence("CreativeML Open RAIL-M", "its card")


def base(path: Path = Path("models/v1-5.safetensors"), **changes: Any) -> Checkpoint:
    """A checkpoint as the catalog would tell of it; there need be no file."""
    about = About(title="Stable Diffusion 1.5", author="CompVis", licence=RAIL)
    return replace(
        Checkpoint(name="v1-5", path=path, family="sd15", about=about, is_single_file=True),
        **changes,
    )


def taught(
    steps: Sequence[int] = (100, 200), family: str = "sd15", pictures: int = 5, **plan: Any
) -> Training:
    given: dict[str, Any] = {"name": "Zorp", "trigger": "zorp", "class_word": "dog"}
    given |= {"checkpoint": "v1-5", "resolution": 512, "steps": max(steps), "seed": 7}
    examples = tuple(
        Example(index=n, caption="a zorp dog", crop=(0, 0, 512, 512), size=(512, 512))
        for n in range(pictures)
    )
    return Training(
        id="0123456789abcdef0123456789abcdef",
        owner="owner",
        state=DONE,
        plan=Plan(**(given | plan)),
        family=family,
        examples=examples,
        created=1_700_000_000.0,
        step=max(steps),
        marks=tuple(Mark(step=step, file=f"zorp-{step:06}.safetensors") for step in steps),
        sampled_steps=(0, *steps),
    )


def kept(folder: Path, training: Training, by: Checkpoint | None = None) -> Path:
    """The training's folder as the worker and the service leave it: weights of each mark, a sample of each step."""
    shapes = EMBEDDING_SHAPES if training.plan.method == EMBEDDING else LORA_SHAPES
    for name in ("steps", "samples", "crops"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for mark in training.marks:
        texts = dict(header(training, by or base())) | {"ss_steps": str(mark.step)}
        (folder / "steps" / mark.file).write_bytes(safetensors(shapes, texts))
    for step in training.sampled_steps:
        picture = Image.new("RGB", (64, 64), (step % 256, 90, 40))
        picture.save(folder / "samples" / f"{step:06}-0.webp", lossless=True)
    Image.new("RGB", (64, 64), "red").save(folder / "crops" / "000.png")
    return folder
