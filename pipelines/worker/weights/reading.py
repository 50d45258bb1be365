"""A checkpoint's folder, read from disk: configs and checked tensors. Runs on the I/O thread."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights.families import find_family

STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("", ".fp16")
REPAIR = "Copy or download the model again."


@dataclass(frozen=True)
class Part:
    """One network on disk: its folder, config and tensors, which are finite."""

    folder: Path
    config: dict[str, Any]
    file: Path
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
    text_encoder: Part
    scheduler: dict[str, Any]
    dtype: torch.dtype

    @property
    def device_bytes(self) -> int:
        """How much the networks will take on the device."""
        parts = (self.unet, self.vae, self.text_encoder)
        return sum(part.parameters for part in parts) * self.dtype.itemsize


def read(ref: CheckpointRef, device: Device) -> Weights:
    """Reads and checks a diffusers folder. Raises ModelUnreadable, which names the file and the cause."""
    find_family(ref.family)
    root = Path(ref.path)
    parts = {name: _part(root / name) for name in ("unet", "vae", "text_encoder")}
    dtype = device.dtype_for(parts["unet"].parameters)
    if (
        device.torch_device.type == "cpu"
    ):  # a GPU gets the file's format and casts by itself, much faster
        parts = {name: _cast(part, dtype) for name, part in parts.items()}
    scheduler = read_json(root / "scheduler" / "scheduler_config.json")
    return Weights(ref=ref, scheduler=scheduler, dtype=dtype, **parts)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises ModelUnreadable."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnreadable(f"{path} cannot be read: {error}.", REPAIR) from None
    if not isinstance(values, dict):
        raise ModelUnreadable(f"{path} holds no JSON object.", REPAIR)
    return values


def weights_file(folder: Path) -> Path:
    """The file with a network's weights. Raises ModelUnreadable."""
    names = [f"{stem}{variant}.safetensors" for variant in VARIANTS for stem in STEMS]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ModelUnreadable(f"{folder} has no weights: none of {', '.join(names)} is there.", REPAIR)


def _part(folder: Path) -> Part:
    file = weights_file(folder)
    return Part(folder, read_json(folder / "config.json"), file, _tensors(file))


def _tensors(file: Path) -> dict[str, Tensor]:
    """All tensors of a file. Looking at every number also brings the whole file in from the disk, on this thread."""
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelUnreadable(f"{file} is damaged: {error}.", REPAIR) from None
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.numel() and not _is_finite(tensor):
            raise ModelUnreadable(f"{file} is damaged: {name} holds NaN or infinity.", REPAIR)
    return tensors


def _is_finite(tensor: Tensor) -> bool:
    low, high = torch.aminmax(tensor)  # NaN wins in both
    return bool(torch.isfinite(low) & torch.isfinite(high))


def _cast(part: Part, dtype: torch.dtype) -> Part:
    tensors = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in part.tensors.items()
    }
    return Part(part.folder, part.config, part.file, tensors)
