"""A folder in the layout of diffusers (`model_index.json`, one folder a component), read as a Checkpoint.

Structure only: every file that loading needs is there and whole, and is of a kind that this version can run.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.weights_file import Damaged, read_shapes
from pipelines.request import Defaults

INDEX = "model_index.json"
FACTS = "darkroom.json"
PIPELINE = "StableDiffusionPipeline"
JSON_BYTES_MAX = 4 * 2**20
# Component → its class, the weights' name, a tensor that only such a component has.
COMPONENTS = {
    "unet": ("UNet2DConditionModel", "diffusion_pytorch_model", "conv_in.weight"),
    "vae": ("AutoencoderKL", "diffusion_pytorch_model", "decoder.conv_out.weight"),
    "text_encoder": ("CLIPTextModel", "model", "embeddings.token_embedding.weight"),
}
# What the four latents of SD 1.x say about red, green and blue, for previews without the VAE; as published in
# https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204, for values in -1…1.
SD15_RGB = (
    (0.298, 0.207, 0.208),
    (0.187, 0.286, 0.173),
    (-0.158, 0.189, 0.264),
    (-0.184, -0.271, -0.473),
)


def read(folder: Path, name: str, *, is_starter: bool = False) -> Checkpoint:
    """The checkpoint in this folder; what is wrong with it is its `problem`."""
    checkpoint = Checkpoint(
        name=name,
        path=folder,
        family="sd15",
        latent_rgb_factors=tuple((r / 2, g / 2, b / 2) for r, g, b in SD15_RGB),
        is_starter=is_starter,
    )
    try:
        facts = _facts(folder)
        checkpoint = dataclasses.replace(checkpoint, **facts)
        _check(folder)
        tokenizer = _tokenizer(folder / "tokenizer")
    except Damaged as error:
        return dataclasses.replace(checkpoint, problem=f"{error}.")
    except OSError as error:
        return dataclasses.replace(checkpoint, problem=f"it cannot be read: {error}.")
    return dataclasses.replace(checkpoint, tokenizer_path=tokenizer)


def _check(folder: Path) -> None:
    index = _json(folder / INDEX)
    pipeline = index.get("_class_name")
    if pipeline != PIPELINE:
        raise Damaged(f"{INDEX} says {pipeline}; this version runs {PIPELINE}")
    for component, (kind, weights, tensor) in COMPONENTS.items():
        asked = index.get(component)
        if asked is None or kind not in asked:
            raise Damaged(f"{INDEX} has no {kind} as {component}")
        config = _json(folder / component / "config.json")
        shapes = _weights(folder / component, weights)
        shape = next((s for key, s in shapes.items() if key.endswith(tensor)), None)
        if shape is None:
            raise Damaged(
                f"{component}/{weights}.safetensors holds no {kind} ({tensor} is missing)"
            )
        if component == "unet":
            _check_unet(config, shape)
    _json(folder / "scheduler" / "scheduler_config.json")


def _check_unet(config: dict[str, Any], shape: tuple[int, ...]) -> None:
    channels = config.get("in_channels", 4)
    if channels != 4:
        raise Damaged(f"unet/config.json asks for {channels} input channels; this version runs 4")
    if len(shape) != 4 or shape[1] != channels:
        raise Damaged(f"the weights of the unet take {shape[1:2]} channels, its config says 4")


def _weights(folder: Path, stem: str) -> dict[str, tuple[int, ...]]:
    """The tensors of a component, from one file or from the pieces that its index names."""
    index = folder / f"{stem}.safetensors.index.json"
    if index.exists():
        pieces = _json(index).get("weight_map", {})
        names = sorted({str(name) for name in pieces.values()})
        if not names or any("/" in name or "\\" in name for name in names):
            raise Damaged(f"{folder.name}/{index.name} names no files beside it")
    else:
        names = [f"{stem}.safetensors"]
    shapes: dict[str, tuple[int, ...]] = {}
    for name in names:
        try:
            shapes.update(_shapes(folder / name))
        except Damaged as error:
            raise Damaged(f"{folder.name}/{name} {error}") from error
    return shapes


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    if path.exists():
        return read_shapes(path)
    others = {p.name for p in path.parent.glob("*")} if path.parent.is_dir() else set()
    if any(name.endswith((".bin", ".ckpt", ".pt")) for name in others):
        raise Damaged("is missing; a pickle (.bin) is there, which could run code and is not read")
    variants = [name for name in others if name.endswith(".safetensors")]
    if variants:
        raise Damaged(f"is missing; rename {sorted(variants)[0]} to it")
    raise Damaged("is missing")


def _tokenizer(folder: Path) -> Path:
    """The folder of the tokenizer, which has all that counting and encoding need."""
    is_fast = (folder / "tokenizer.json").is_file()
    if not is_fast:
        for name in ("vocab.json", "merges.txt"):
            if not (folder / name).is_file():
                raise Damaged(f"tokenizer/{name} is missing")
    return folder


def _json(path: Path) -> dict[str, Any]:
    name = f"{path.parent.name}/{path.name}" if path.name != INDEX else INDEX
    try:
        if path.stat().st_size > JSON_BYTES_MAX:
            raise Damaged(f"{name} is too large for what it should be")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Damaged(f"{name} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{name} is no readable JSON") from error
    if not isinstance(values, dict):
        raise Damaged(f"{name} is no JSON object")
    return values


# ---- darkroom.json: what we know about a checkpoint beside its weights -------------------------------------


def _facts(folder: Path) -> dict[str, Any]:
    """The fields of Checkpoint that darkroom.json gives; none when there is no such file."""
    if not (folder / FACTS).exists():
        return {}
    given = _json(folder / FACTS)
    facts: dict[str, Any] = {}
    for field in ("name", "licence"):
        if field in given:
            facts[field] = _text(given[field], field)
    if "defaults" in given:
        facts["defaults"] = _defaults(given["defaults"])
    if "latent_rgb_factors" in given:
        rows = given["latent_rgb_factors"]
        if not isinstance(rows, list) or len(rows) != 4:
            raise Damaged(f"{FACTS}: latent_rgb_factors are not four rows")
        facts["latent_rgb_factors"] = tuple(
            _three_numbers(row, "latent_rgb_factors") for row in rows
        )
    if "latent_rgb_bias" in given:
        facts["latent_rgb_bias"] = _three_numbers(given["latent_rgb_bias"], "latent_rgb_bias")
    return facts


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise Damaged(f"{FACTS}: {field} is no short text")
    return value


def _three_numbers(values: Any, field: str) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3 or not all(_is_number(v) for v in values):
        raise Damaged(f"{FACTS}: {field} does not hold three numbers")
    return (float(values[0]), float(values[1]), float(values[2]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _defaults(values: Any) -> Defaults:
    known = {field.name: field for field in dataclasses.fields(Defaults)}
    if not isinstance(values, dict) or not set(values) <= set(known):
        raise Damaged(f"{FACTS}: defaults may hold {', '.join(known)}")
    for name, value in values.items():
        is_text = known[name].type == "str"
        if isinstance(value, str) != is_text or not (is_text or _is_number(value)):
            raise Damaged(f"{FACTS}: defaults.{name} has the wrong type")
    return Defaults(**values)
