"""A checkpoint of paper: a diffusers folder that looks whole to the catalog and holds no model. Needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
UNET: dict[str, tuple[int, ...]] = {"conv_in.weight": (2, 4, 3, 3), "conv_out.weight": (4, 2, 3, 3)}
VAE: dict[str, tuple[int, ...]] = {"decoder.conv_out.weight": (3, 2, 3, 3)}
TEXT_ENCODER: dict[str, tuple[int, ...]] = {"text_model.embeddings.token_embedding.weight": (7, 2)}
VOCABULARY = (
    "r",
    "e",
    "d",
    "r</w>",
    "e</w>",
    "d</w>",
    "re",
    "red</w>",
    "<|startoftext|>",
    "<|endoftext|>",
)
DEFAULTS = {"width": 64, "height": 64, "steps": 4, "guidance_scale": 3.0}


def write(folder: Path, **facts: Any) -> Path:
    """Writes it and returns the folder; `facts` go into darkroom.json, defaults are tiny pictures of four steps."""
    for name, file, shapes in (
        ("unet", "diffusion_pytorch_model", UNET),
        ("vae", "diffusion_pytorch_model", VAE),
        ("text_encoder", "model", TEXT_ENCODER),
    ):
        (folder / name).mkdir(parents=True)
        write_json(folder / name / "config.json", {"in_channels": 4})
        (folder / name / f"{file}.safetensors").write_bytes(safetensors(shapes))
    (folder / "scheduler").mkdir()
    write_json(folder / "scheduler" / "scheduler_config.json", {})
    (folder / "tokenizer").mkdir()
    vocabulary = {token: number for number, token in enumerate(VOCABULARY)}
    write_json(folder / "tokenizer" / "vocab.json", vocabulary)
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\nr e\nre d</w>\n")
    write_json(folder / "model_index.json", INDEX)
    write_json(folder / "darkroom.json", {"defaults": DEFAULTS, **facts})
    return folder


def write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values))


def safetensors(
    shapes: dict[str, tuple[int, ...]], metadata: dict[str, str] | None = None
) -> bytes:
    """A file of zeros in half precision."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    for name, shape in shapes.items():
        size_bytes = 2
        for length in shape:
            size_bytes *= length
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size_bytes]}
        end += size_bytes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(end)
