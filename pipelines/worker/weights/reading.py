"""A checkpoint read from disk, a diffusers folder or a single file: configs, checked tensors. On the I/O thread."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights import copying, original_layout
from pipelines.worker.weights.families import Family, find_family

STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("", ".fp16")
REPAIR = "Copy or download the model again."


@dataclass(frozen=True)
class Part:
    """One network on disk: its config, where that comes from, and its tensors, which are finite."""

    file: Path
    config: dict[str, Any]
    source: str  # of the config, for messages
    tensors: dict[str, Tensor]

    @property
    def parameters(self) -> int:
        return sum(tensor.numel() for tensor in self.tensors.values())


@dataclass(frozen=True)
class Weights:
    """A checkpoint read into memory, not yet on the device. `dtype` is the format that it will compute in."""

    ref: CheckpointRef
    unet: Part
    vae: Part
    text_encoders: tuple[Part, ...]  # in the order of the family's row
    tokenizers: tuple[Path, ...]
    scheduler: dict[str, Any]  # no prediction_type: nothing says it
    dtype: torch.dtype

    @property
    def device_bytes(self) -> int:
        """How much the networks will take on the device."""
        parts = (self.unet, self.vae, *self.text_encoders)
        return sum(part.parameters for part in parts) * self.dtype.itemsize


def read(ref: CheckpointRef, device: Device) -> Weights:
    """Reads and checks a checkpoint. Raises ModelUnreadable, which names the file and the cause."""
    family = find_family(ref.family)
    weights = (_read_file if ref.is_single_file else _read_folder)(ref, family)
    if ref.prediction:
        weights.scheduler["prediction_type"] = ref.prediction
    if ref.is_zero_snr:
        weights.scheduler["rescale_betas_zero_snr"] = True
    dtype = device.dtype_for(weights.unet.parameters)
    # A GPU gets the file's format and casts by itself, much faster.
    own = dtype if device.torch_device.type == "cpu" else None
    return replace(
        weights,
        dtype=dtype,
        unet=_looked_at(weights.unet, own),
        vae=_looked_at(weights.vae, own),
        text_encoders=tuple(_looked_at(part, own) for part in weights.text_encoders),
    )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises ModelUnreadable."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnreadable(f"{path} cannot be read: {error}.", REPAIR) from None
    if not isinstance(values, dict):
        raise ModelUnreadable(f"{path} holds no JSON object.", REPAIR)
    return values


# ---- a folder in the layout of diffusers -------------------------------------------------------------------


def _read_folder(ref: CheckpointRef, family: Family) -> Weights:
    root = Path(ref.path)
    scheduler = read_json(root / "scheduler" / "scheduler_config.json")
    return Weights(
        ref=ref,
        unet=_part(root / "unet"),
        vae=_part(root / "vae"),
        text_encoders=tuple(_part(root / row.folder) for row in family.text_encoders),
        tokenizers=tuple(root / row.tokenizer for row in family.text_encoders),
        scheduler={"prediction_type": "epsilon", **scheduler},
        dtype=torch.float32,
    )


def _part(folder: Path) -> Part:
    config = folder / "config.json"
    files = weights_files(folder)
    tensors: dict[str, Tensor] = {}
    for file in files:
        tensors |= _tensors(file)
    return Part(files[0], read_json(config), str(config), tensors)


def weights_files(folder: Path) -> list[Path]:
    """The files with a network's weights, one or several pieces. Raises ModelUnreadable."""
    names = [f"{stem}{variant}.safetensors" for variant in VARIANTS for stem in STEMS]
    for name in names:
        if (folder / name).is_file():
            return [folder / name]
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        pieces = read_json(index).get("weight_map", {})
        if pieces and all(Path(piece).name == piece for piece in pieces.values()):
            return [folder / piece for piece in sorted(set(pieces.values()))]
    raise ModelUnreadable(f"{folder} has no weights: none of {', '.join(names)} is there.", REPAIR)


# ---- a single file -----------------------------------------------------------------------------------------


def _read_file(ref: CheckpointRef, family: Family) -> Weights:
    file = Path(ref.path)
    encoders = [row.prefix for row in family.text_encoders]
    tensors = _tensors(file, (original_layout.UNET, original_layout.VAE, *encoders))

    def part(config: dict[str, Any], own: dict[str, Tensor]) -> Part:
        return Part(file, config, f"{file}, by its shapes,", own)

    try:
        unet = part(*original_layout.unet(tensors, family))
        vae = part(*original_layout.vae(tensors, family))
        text_encoders = tuple(
            part(*original_layout.text_encoder(tensors, row)) for row in family.text_encoders
        )
    except ModelUnreadable as error:
        raise ModelUnreadable(f"{file} cannot be used. {error.message}", error.remedy) from None
    scheduler = dict(original_layout.SCHEDULER)
    if not family.is_prediction_open:
        scheduler["prediction_type"] = "epsilon"
    tokenizers = (Path(ref.tokenizer),) * len(text_encoders)
    return Weights(ref, unet, vae, text_encoders, tokenizers, scheduler, torch.float32)


# ---- tensors -----------------------------------------------------------------------------------------------


def _tensors(file: Path, prefixes: tuple[str, ...] = ("",)) -> dict[str, Tensor]:
    """The tensors of a file, mapped: what is not looked at is not read."""
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            names = [name for name in opened.keys() if name.startswith(prefixes)]  # noqa: SIM118
            return {name: opened.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelUnreadable(f"{file} is damaged: {error}.", REPAIR) from None


def _looked_at(part: Part, dtype: torch.dtype | None) -> Part:
    """The part, read from the disk; with `dtype` in memory of its own. Raises ModelUnreadable for what is no number."""
    try:
        if dtype is not None:
            return replace(part, tensors=copying.copied(part.tensors, dtype))
        copying.check(part.tensors)
    except copying.NotANumber as error:
        raise ModelUnreadable(
            f"{part.file} is damaged: {error} holds NaN or infinity.", REPAIR
        ) from None
    return part
