"""A single file of weights: what it is, told by its header; a checkpoint in the original layout can be used."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from pipelines.catalog import embeddings, vaes
from pipelines.catalog.about import of_header
from pipelines.catalog.checkpoint import CLIP_VOCABULARY, Checkpoint, Other
from pipelines.catalog.contents import family_by_width, variant_of, why_not
from pipelines.catalog.defaults import EPSILON, V_PREDICTION, defaults_for
from pipelines.catalog.facts import FACTS, with_facts
from pipelines.catalog.families import FAMILIES
from pipelines.catalog.guides import GUIDES, marks_of, why_no_guide
from pipelines.catalog.signatures import CHECKPOINT, OTHER, Signature, find_signature
from pipelines.catalog.weights_file import CutOff, Damaged, Header, read_header

SAFETENSORS = ".safetensors"
PICKLE = "is a pickle, which could run code and is not read; convert it to safetensors"
PICKLES = (".ckpt", ".pt", ".pth", ".bin")
# What is listed and never opened.
UNREAD = {
    **dict.fromkeys(PICKLES, PICKLE),
    ".gguf": "is a GGUF file, quantised for other programs; choose a safetensors file",
}
# What a file is that cannot be read, by the folder in which AUTOMATIC1111, Forge and ComfyUI keep its kind.
FOLDERS = {
    **dict.fromkeys(("stable-diffusion", "checkpoints"), CHECKPOINT),
    **dict.fromkeys(("lora", "loras", "lycoris"), "lora"),
    **dict.fromkeys(("vae", "vae_approx", "vae-approx"), "vae"),
    **dict.fromkeys(("embeddings", "textual_inversion"), "embedding"),
    **dict.fromkeys(("controlnet", "t2i_adapter"), "controlnet"),
    **dict.fromkeys(("esrgan", "realesrgan", "swinir", "upscale_models", "dat"), "upscaler"),
    **dict.fromkeys(("ipadapter", "ip_adapter"), "ip_adapter"),
    **dict.fromkeys(("clip_vision", "image_encoder"), "image_encoder"),
    **dict.fromkeys(("codeformer", "gfpgan", "clip", "text_encoders", "hypernetworks"), OTHER),
    **dict.fromkeys(("blip", "deepbooru", "torch_deepdanbooru", "adetailer", "midas"), OTHER),
    **dict.fromkeys(("controlnetpreprocessor", "insightface", "karlo", "text_encoder"), OTHER),
    **dict.fromkeys(("facerestore_models", "sams", "ultralytics", "style_models"), OTHER),
    **dict.fromkeys(("gligen", "photomaker", "animatediff_models", "llm"), OTHER),
}
# What they fit, or of which build they are, is seen when they are used.
SEEN_LATER = ("lora", "upscaler")
# What diffusers and transformers call a network's file; the folder has the name then.
FOLDER_STEMS = ("diffusion_pytorch_model", "model")
V_TENSOR = "v_pred"  # an empty tensor by which trainers mark v-prediction
# Likewise, zero terminal signal-to-noise ratio: Lin et al. 2023, arXiv:2305.08891.
ZERO_SNR_TENSOR = "ztsnr"
V_IN_YAML = re.compile(r"^\s*parameterization\s*:\s*[\"']?v[\"']?\s*$", re.M)
YAML_BYTES_MAX = 2**20
PREDICTIONS = {"v": V_PREDICTION, V_PREDICTION: V_PREDICTION, EPSILON: EPSILON, "eps": EPSILON}


def read(path: Path, models_dir: Path) -> Checkpoint | Other:
    """What this file is. What is wrong with it, or why it cannot be used, is its `problem`."""
    words = UNREAD.get(path.suffix.lower(), "")
    if not words:
        try:
            header = read_header(path)
            return dataclasses.replace(_identified(path, header), about=of_header(header.metadata))
        except CutOff as error:
            words = f"{error}; if it is still being copied, it is listed anew once it is whole"
        except Damaged as error:
            words = str(error)
    return _unusable(path, Signature(_kind_by_folder(path, models_dir), (), words=words))


def sidecars(path: Path) -> tuple[Path, Path]:
    """The files beside it that say more of it: (facts, config)."""
    return path.with_name(f"{path.stem}.{FACTS}"), path.with_suffix(".yaml")


def _identified(path: Path, header: Header) -> Checkpoint | Other:
    found = find_signature(header.shapes)
    family = found.family or family_by_width(header.shapes)
    if found.kind == vaes.KIND and not found.words:
        return vaes.read(path, header)
    if found.kind == embeddings.KIND or (not found.marks and embeddings.is_one(header.shapes)):
        return embeddings.read(path, header)
    if found.kind in SEEN_LATER and not found.words:
        return Other(name=path.stem, path=path, kind=found.kind, family=family)
    if found.kind in GUIDES and not found.words:
        return _guide(path, dataclasses.replace(found, family=family), header)
    words = found.words or why_not(family, header)
    if words:
        return _unusable(path, dataclasses.replace(found, family=family, words=words))
    facts, config = sidecars(path)
    variant = variant_of(header.shapes)
    # All published inpainting models predict noise, those of 2.x too.
    prediction = _prediction(header, config) or (EPSILON if variant else "")
    checkpoint = Checkpoint(
        name=path.stem,
        path=path,
        family=family,
        variant=variant,
        defaults=defaults_for(family, path.stem, prediction=prediction, metadata=header.metadata),
        latent_rgb_factors=FAMILIES[family].latent_rgb_factors,
        latent_rgb_bias=FAMILIES[family].latent_rgb_bias,
        tokenizer_path=CLIP_VOCABULARY,
        is_single_file=True,
        prediction=prediction,
        is_zero_snr=ZERO_SNR_TENSOR in header.shapes,
    )
    try:
        return with_facts(checkpoint, facts)
    except Damaged as error:
        return dataclasses.replace(checkpoint, problem=f"{error}.")


def _guide(path: Path, found: Signature, header: Header) -> Other:
    words = why_no_guide(found.kind, found.family, header)
    is_in_folder = path.stem.removesuffix(".fp16") in FOLDER_STEMS  # as diffusers saves it
    return Other(
        name=path.parent.name if is_in_folder else path.stem,
        path=path,
        kind=found.kind,
        family=found.family,
        marks=marks_of(found.kind, header.shapes),
        problem=f"{path.name} {words}." if words else "",
    )


def _unusable(path: Path, found: Signature) -> Checkpoint | Other:
    problem, family = f"{path.name} {found.words}.", found.family
    if found.kind == CHECKPOINT:
        return Checkpoint(
            name=path.stem, path=path, family=family, is_single_file=True, problem=problem
        )
    return Other(name=path.stem, path=path, kind=found.kind, family=family, problem=problem)


def _kind_by_folder(path: Path, models_dir: Path) -> str:
    """What its folders call it; without such a name a file that could be a checkpoint is taken for one."""
    if path.stem.lower().endswith(vaes.BESIDE):
        return vaes.KIND
    for part in reversed((models_dir.name, *path.relative_to(models_dir).parts[:-1])):
        if part.lower() in FOLDERS:
            return FOLDERS[part.lower()]
    return OTHER if path.suffix.lower() == ".bin" else CHECKPOINT


def _prediction(header: Header, config: Path) -> str:
    if V_TENSOR in header.shapes:
        return V_PREDICTION
    said = header.metadata.get("modelspec.prediction_type", "").strip().lower()
    if said in PREDICTIONS:
        return PREDICTIONS[said]
    try:
        with config.open("rb") as file:
            text = file.read(YAML_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return ""
    return V_PREDICTION if V_IN_YAML.search(text) else ""
