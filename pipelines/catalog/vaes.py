"""VAE files: those of Stable Diffusion in both layouts, and tiny autoencoders, which are faster and coarser."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.catalog.contents import EIGHT_BITS, NOT_YET
from pipelines.catalog.facts import FACTS
from pipelines.catalog.families import FAMILIES
from pipelines.catalog.json_file import read_object
from pipelines.catalog.titles import plain_title
from pipelines.catalog.weights_file import Damaged, Header
from pipelines.worker.messages import VaeRef

KIND = "vae"
LATENT_CHANNELS = 4  # of all families that are run
PREFIX = re.compile(r"^(first_stage_model\.|vae\.|taesd_(?=(en|de)coder\.))")
# The layer that reads the latents, in the layouts that there are; the tiny ones count their layers.
READS_LATENTS = (
    "decoder.conv_in.weight",
    "decoder.layers.0.weight",
    "decoder.1.weight",
    "1.weight",
)
# A file of this name lies in a folder of diffusers, which gives the name, beside its config.
FOLDER_STEM, CONFIG = "diffusion_pytorch_model", "config.json"
CLASSES = ("AutoencoderKL", "AutoencoderTiny")
FIXED = re.compile(r"fp16[ _.-]?fix", re.I)  # as files are called that were mended for float16
TITLE = "modelspec.title"
BESIDE = ".vae"  # `model.vae.safetensors` beside `model.safetensors` is that checkpoint's own, as in AUTOMATIC1111


@dataclass(frozen=True, kw_only=True)
class VaeFile(Other):
    """A VAE that can be used. `family`: one that it was made for, where the file says it."""

    config_path: Path | None = None
    fits_half: bool = False  # it is known to compute in float16 without overflow

    @property
    def families(self) -> tuple[str, ...]:
        """Those whose latents it decodes, as far as it is known: those of SD 1 and 2 are alike."""
        scalings = {name: row.latent_scaling for name, row in FAMILIES.items()}
        own = scalings.get(self.family)
        return tuple(name for name, scaling in scalings.items() if own in (None, scaling))

    def ref(self) -> VaeRef:
        """What the worker needs to load it. Raises OSError when it is gone."""
        found = self.path.stat()
        config = str(self.config_path or "")
        version = f"{found.st_mtime_ns}-{found.st_size}"
        return VaeRef(self.name, str(self.path), config, self.fits_half, version)


def with_own_vae(checkpoint: Checkpoint, vaes: Collection[VaeFile]) -> Checkpoint:
    """With the VAE that its facts name, or else AUTOMATIC1111's card of it, or that is called as it is with .vae.

    That one lies beside it, or elsewhere when it was made of a pickle beside it.
    """
    if checkpoint.defaults.vae:
        return checkpoint
    noted = plain_title(checkpoint.about.vae)
    beside = checkpoint.path.with_name(f"{checkpoint.path.stem}{BESIDE}.safetensors")
    fitting = [one for one in vaes if checkpoint.family in one.families]
    own = [one for one in fitting if noted and plain_title(one.path.name) == noted]
    called = (one for one in vaes if one.path.name == beside.name)
    own += sorted(called, key=lambda one: one.path != beside)
    if not own:
        return checkpoint
    return replace(checkpoint, defaults=replace(checkpoint.defaults, vae=own[0].name))


def read(path: Path, header: Header) -> Other:
    """The file; why it cannot be used is its `problem`."""
    in_folder = path.stem.startswith(FOLDER_STEM)
    name = path.parent.name + path.stem.removeprefix(FOLDER_STEM) if in_folder else path.stem
    config_path = path.with_name(CONFIG) if in_folder else None
    try:
        config, facts = _said(path, config_path)
    except Damaged as error:
        return Other(name=name, path=path, kind=KIND, problem=f"{error}.")
    words = _why_not(header, config)
    if words:
        return Other(name=name, path=path, kind=KIND, problem=f"{path.name} {words}.")
    is_fixed = bool(FIXED.search(path.stem) or FIXED.search(header.metadata.get(TITLE, "")))
    return VaeFile(
        name=name,
        path=path,
        kind=KIND,
        family=str(facts.get("family") or _family(config)),
        config_path=config_path if config else None,
        fits_half=facts.get("fits_half", is_fixed) is True,
    )


def _said(path: Path, config_path: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(its config, its facts), each empty where there is none. Raises Damaged."""
    facts_path = path.with_name(f"{path.stem}.{FACTS}")
    config = read_object(config_path, CONFIG) if config_path and config_path.exists() else {}
    facts = read_object(facts_path, facts_path.name) if facts_path.exists() else {}
    if facts.get("family", "sd15") not in FAMILIES:
        raise Damaged(f"{facts_path.name}: family is none of {', '.join(FAMILIES)}")
    if config and config.get("_class_name") not in CLASSES:
        raise Damaged(f"{CONFIG} describes no VAE that can be used ({', '.join(CLASSES)})")
    return config, facts


def _family(config: dict[str, Any]) -> str:
    """By the scaling of the latents, which differs between families; tiny ones have none."""
    scaling = config.get("scaling_factor")
    is_said = config.get("_class_name") == CLASSES[0] and scaling is not None
    return next((f for f, row in FAMILIES.items() if is_said and row.latent_scaling == scaling), "")


def _why_not(header: Header, config: dict[str, Any]) -> str:
    """Why it cannot be used, as the end of a sentence that begins with its name; else empty."""
    shapes = {PREFIX.sub("", name): shape for name, shape in header.shapes.items()}
    first = next((shapes[name] for name in READS_LATENTS if name in shapes), None)
    if first is None:
        return "is damaged or built unlike its kind: no layer of the VAE reads the latents"
    if len(first) != 4:
        return f"is a VAE for video or of another kind, {NOT_YET}"
    if first[1] != LATENT_CHANNELS:
        return f"is a VAE of {first[1]} latent channels, made for another family, {NOT_YET}"
    if config.get("latents_mean") or config.get("shift_factor"):
        return f"shifts its latents, as those of other families do, {NOT_YET}"
    return f"has weights of 8 bits, {NOT_YET}" if header.dtypes & EIGHT_BITS else ""
