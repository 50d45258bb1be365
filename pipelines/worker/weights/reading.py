"""A checkpoint read from disk, a diffusers folder or a single file: configs, checked tensors. On the I/O thread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.tiers import RESIDENT, Sizes, Tier, home_bytes
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights import copying, original_layout
from pipelines.worker.weights.families import Family, find_family

STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("", ".fp16")
REPAIR = "Copy or download the model again."
WITH_GUIDANCE = 2  # rows of a forward of the denoiser for one picture
HOLLOW_SHARE = (
    0.05  # of a network's layers that may be all zeros, as some are that were never trained
)
GLANCE = 4096  # numbers that are looked at first


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
    """A checkpoint read into memory, not yet on the device. `dtype` is the format that it will compute in.

    `tier`: where its networks are to lie; the tensors are already in the format in which they will be kept.
    """

    ref: CheckpointRef
    unet: Part
    vae: Part
    text_encoders: tuple[Part, ...]  # in the order of the family's row
    tokenizers: tuple[Path, ...]
    scheduler: dict[str, Any]  # no prediction_type: nothing says it
    dtype: torch.dtype
    tier: Tier = RESIDENT

    @property
    def sizes(self) -> Sizes:
        """What the networks take in the format that they compute in."""
        number_bytes = self.dtype.itemsize
        layers = (tensor.numel() for tensor in self.unet.tensors.values())
        return Sizes(
            denoiser=self.unet.parameters * number_bytes,
            text_encoders=tuple(part.parameters * number_bytes for part in self.text_encoders),
            vae=self.vae.parameters * number_bytes,
            largest_layer=max(layers, default=0) * number_bytes,
            denoiser_work=self._work(self.unet, "conv_in.weight", 0),
            vae_work=self._work(self.vae, "decoder.conv_out.weight", 1),
        )

    @property
    def home_bytes(self) -> int:
        """What will stay in memory, on the device or in RAM, until the model is dropped."""
        return home_bytes(self.tier, self.sizes)

    def _work(self, part: Part, layer: str, dimension: int) -> int:
        """What a picture of the family's own size takes beside this network. 0: the layer that tells is missing."""
        family, tensor = find_family(self.ref.family), part.tensors.get(layer)
        channels = tensor.shape[dimension] if tensor is not None and tensor.ndim == 4 else 0
        px = family.size_px**2
        if part is self.vae:
            return px * family.vae_work(channels) * (self.dtype.itemsize if family.fits_half else 4)
        cells = px // family.px_per_cell**2
        return WITH_GUIDANCE * cells * family.denoiser_work(channels) * self.dtype.itemsize


def read(
    ref: CheckpointRef,
    device: Device,
    plan: Callable[[Sizes], Tier] = lambda _: RESIDENT,
    *,
    is_known: bool = False,
) -> Weights:
    """Reads and checks a checkpoint for the tier that `plan` chooses by its sizes.

    `is_known`: its file has been compared with the hash that was noted of it. Raises ModelUnreadable, which names the
    file and the cause.
    """
    family = find_family(ref.family)
    if ref.sha256 and not is_known:
        _compare(Path(ref.path), ref.sha256)
    weights = (_read_file if ref.is_single_file else _read_folder)(ref, family)
    if ref.prediction:
        weights.scheduler["prediction_type"] = ref.prediction
    if ref.is_zero_snr:
        weights.scheduler["rescale_betas_zero_snr"] = True
    weights = replace(weights, dtype=device.dtype_for(weights.unet.parameters))
    tier = plan(weights.sizes)
    copy = partial(copied_part, device=device, dtype=weights.dtype)
    read = replace(
        weights,
        tier=tier,
        unet=copy(weights.unet, is_float8=tier.is_float8, is_cast=tier.is_streamed),
        vae=copy(weights.vae),
        text_encoders=tuple(copy(part) for part in weights.text_encoders),
    )
    for part in (read.unet, read.vae, *read.text_encoders):
        _check_not_hollow(part)
    return read


def _check_not_hollow(part: Part) -> None:
    """An interrupted download leaves zeros where the rest belongs, and networks compute with them without a word."""
    layers = {name: tensor for name, tensor in part.tensors.items() if tensor.ndim > 1}
    empty = [name for name, tensor in layers.items() if _is_zero(tensor)]
    if len(empty) > max(1, HOLLOW_SHARE * len(layers)):
        what = (
            f"{len(empty)} of {len(layers)} layers hold nothing but zeros, the first is {empty[0]}"
        )
        raise ModelUnreadable(f"{part.file} is damaged: {what}.", REPAIR)


def _is_zero(tensor: Tensor) -> bool:
    flat = tensor.reshape(-1)
    return not flat[:GLANCE].float().any() and not flat.float().any()


def _compare(file: Path, sha256: str) -> None:
    """Finds what no look at the numbers can find: some that were changed into others."""
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnreadable(f"{file} cannot be read: {error}.", REPAIR) from None
    if found != sha256:
        raise ModelUnreadable(
            f"{file} is damaged: its SHA-256 was {sha256[:10]}… when it came and is {found[:10]}… now.",
            f"{REPAIR} If you have changed it yourself, take sha256 out of {file.stem}.darkroom.json.",
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
        tensors |= tensors_of(file)
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
    tensors = tensors_of(file, (original_layout.UNET, original_layout.VAE, *encoders))

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


def tensors_of(file: Path, prefixes: tuple[str, ...] = ("",)) -> dict[str, Tensor]:
    """The tensors of a file, mapped: what is not looked at is not read."""
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            names = [name for name in opened.keys() if name.startswith(prefixes)]  # noqa: SIM118
            return {name: opened.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelUnreadable(f"{file} is damaged: {error}.", REPAIR) from None


def copied_part(
    part: Part,
    device: Device,
    dtype: torch.dtype,
    *,
    is_float8: bool = False,
    is_cast: bool = False,
) -> Part:
    """The part in memory of its own, in the format in which it is kept. Raises ModelUnreadable for what is no number.

    A GPU casts by itself, much faster; so there a tensor keeps the file's format if that is no larger.
    """
    is_processor = device.torch_device.type == "cpu"

    def format_of(name: str, tensor: Tensor) -> torch.dtype:
        if is_float8 and "norm" not in name:
            return torch.float8_e4m3fn
        is_fine = not is_processor and not is_cast and tensor.dtype.itemsize <= dtype.itemsize
        return tensor.dtype if is_fine else dtype

    try:
        pinned = device.torch_device.type == "cuda"
        return replace(part, tensors=copying.copied(part.tensors, format_of, pinned=pinned))
    except copying.NotANumber as error:
        raise ModelUnreadable(
            f"{part.file} is damaged: {error} holds NaN or infinity.", REPAIR
        ) from None
