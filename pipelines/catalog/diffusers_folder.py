"""A folder in the layout of diffusers (`model_index.json`, one folder a component), read as a Checkpoint.

Structure only: every file that loading needs is there and whole, and is of a kind that this version can run.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.contents import NOT_YET, UNKNOWN
from pipelines.catalog.defaults import defaults_for, of_sample_size
from pipelines.catalog.facts import FACTS, with_facts
from pipelines.catalog.families import FAMILIES
from pipelines.catalog.json_file import read_object
from pipelines.catalog.signatures import CHANNELS, CHANNELS_RUN
from pipelines.catalog.weights_file import Damaged, read_shapes

INDEX = "model_index.json"
STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("", ".fp16")


class Component(NamedTuple):
    """A network of a pipeline: its folder, its class, a tensor that only such a network has."""

    folder: str
    kind: str
    tensor: str


TOKENS = "embeddings.token_embedding.weight"
SD = (
    Component("unet", "UNet2DConditionModel", "conv_in.weight"),
    Component("vae", "AutoencoderKL", "decoder.conv_out.weight"),
    Component("text_encoder", "CLIPTextModel", TOKENS),
)
SDXL = (*SD, Component("text_encoder_2", "CLIPTextModelWithProjection", TOKENS))
REFINER = (*SD[:2], SDXL[-1])
XL_FAMILIES = {SDXL: "sdxl", REFINER: "sdxl_refiner"}
# Pipeline → its networks and its tokenizers.
PIPELINES = {
    **dict.fromkeys(
        (
            "StableDiffusionPipeline",
            "StableDiffusionImg2ImgPipeline",
            "StableDiffusionInpaintPipeline",
        ),
        (SD, ("tokenizer",)),
    ),
    **dict.fromkeys(
        (
            "StableDiffusionXLPipeline",
            "StableDiffusionXLImg2ImgPipeline",
            "StableDiffusionXLInpaintPipeline",
        ),
        (SDXL, ("tokenizer", "tokenizer_2")),
    ),
}
# How other pipelines' names begin → what they are. The first that fits wins.
NOT_RUN = {
    "StableDiffusionInstructPix2Pix": "an InstructPix2Pix checkpoint",
    "StableDiffusionXLInstructPix2Pix": "an InstructPix2Pix checkpoint",
    "StableDiffusionDepth2Img": "a depth-to-image checkpoint",
    "StableDiffusionUpscale": "an upscaling checkpoint",
    "StableDiffusionLatentUpscale": "an upscaling checkpoint",
    "StableUnCLIP": "an unCLIP checkpoint",
    "StableDiffusion3": "Stable Diffusion 3",
    "StableVideoDiffusion": "Stable Video Diffusion",
    "LatentConsistencyModel": "a checkpoint with a pipeline of its own",
    "Flux": "FLUX",
    "AuraFlow": "AuraFlow",
    "PixArt": "PixArt",
    "HunyuanVideo": "HunyuanVideo",
    "HunyuanDiT": "Hunyuan-DiT",
    "StableCascade": "Stable Cascade",
    "Kandinsky": "Kandinsky",
    "Wan": "Wan",
    "LTX": "LTX-Video",
}
SD2_WIDTH, SD15_WIDTH = 1024, 768  # of the text encoder


def read(folder: Path, name: str, *, is_starter: bool = False) -> Checkpoint:
    """The checkpoint in this folder; what is wrong with it is its `problem`."""
    checkpoint = Checkpoint(name=name, path=folder, is_starter=is_starter)
    try:
        checkpoint = _identified(checkpoint)
        checkpoint = with_facts(checkpoint, folder / FACTS)
        checkpoint = _checked(checkpoint)
    except Damaged as error:
        return dataclasses.replace(checkpoint, problem=f"{error}.")
    except OSError as error:
        return dataclasses.replace(checkpoint, problem=f"it cannot be read: {error}.")
    return checkpoint


def _identified(checkpoint: Checkpoint) -> Checkpoint:
    """With the family, and what follows from it. What is missing for that is left to `_checked`."""
    folder = checkpoint.path
    index = read_object(folder / INDEX, INDEX)
    components, _ = _layout(index)
    unet, text_encoder = (_known(folder, name) for name in ("unet", "text_encoder"))
    scheduler = _known(folder, "scheduler", "scheduler_config.json")
    prediction = str(scheduler.get("prediction_type", "epsilon"))
    family = XL_FAMILIES.get(components) or _family(text_encoder)
    facts = FAMILIES[family]
    defaults = defaults_for(family, checkpoint.name, prediction=prediction)
    return dataclasses.replace(
        checkpoint,
        family=family,
        variant=CHANNELS_RUN.get(_channels(unet), ""),
        defaults=of_sample_size(defaults, unet.get("sample_size")),
        latent_rgb_factors=facts.latent_rgb_factors,
        latent_rgb_bias=facts.latent_rgb_bias,
    )


def _layout(index: dict[str, Any]) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """The networks and tokenizers of a pipeline. Raises Damaged."""
    pipeline = str(index.get("_class_name"))
    if pipeline not in PIPELINES:
        raise Damaged(_not_run(pipeline))
    if PIPELINES[pipeline][0] is SDXL and index.get("text_encoder") == [None, None]:
        return REFINER, ("tokenizer_2",)
    return PIPELINES[pipeline]


def _family(text_encoder: dict[str, Any]) -> str:
    """sd2 if the text encoder is OpenCLIP's, by its width, or for other widths by its activation."""
    width = text_encoder.get("hidden_size")
    if width in (SD15_WIDTH, SD2_WIDTH):
        return "sd2" if width == SD2_WIDTH else "sd15"
    return "sd2" if text_encoder.get("hidden_act") == "gelu" else "sd15"


def why_not_run(index: dict[str, Any]) -> str:
    """Why this version does not run what an index describes; "" when it does. For indexes without their folder."""
    pipeline = str(index.get("_class_name"))[:80]
    return "" if pipeline in PIPELINES else f"{_not_run(pipeline)}."


def _not_run(pipeline: str) -> str:
    runs = " and ".join(PIPELINES)
    for begin, words in NOT_RUN.items():
        if pipeline.startswith(begin):
            return f"{INDEX} says {pipeline}: this is {words}, {NOT_YET}; this version runs {runs}"
    return f"{INDEX} says {pipeline}; this version runs {runs}"


def _checked(checkpoint: Checkpoint) -> Checkpoint:
    """With its tokenizer, after all that is needed was found. Raises Damaged."""
    folder = checkpoint.path
    index = read_object(folder / INDEX, INDEX)
    components, tokenizers = _layout(index)
    for component in components:
        asked = index.get(component.folder)
        if not isinstance(asked, list) or component.kind not in asked:
            raise Damaged(f"{INDEX} has no {component.kind} as {component.folder}")
        config = _config(folder, component.folder)
        shapes = _weights(folder / component.folder)
        shape = next((s for key, s in shapes.items() if key.endswith(component.tensor)), None)
        if shape is None:
            lack = f"hold no {component.kind} ({component.tensor} is missing)"
            raise Damaged(f"the weights in {component.folder}/ {lack}")
        if component.folder == "unet":
            _check_unet(config, shape)
    _object(folder, "scheduler", "scheduler_config.json")
    _check_widths(folder, components)
    for tokenizer in tokenizers:
        _check_tokenizer(folder / tokenizer)
    return dataclasses.replace(checkpoint, tokenizer_path=folder / tokenizers[0])


def _check_unet(config: dict[str, Any], shape: tuple[int, ...]) -> None:
    channels = _channels(config)
    if channels not in CHANNELS_RUN:
        said, what = config.get("in_channels"), CHANNELS.get(channels, UNKNOWN)
        raise Damaged(f"unet/config.json asks for {said} input channels: this {what}, {NOT_YET}")
    if len(shape) != 4 or shape[1] != channels:
        lack = f"take {shape[1:2]} channels, its config says {channels}"
        raise Damaged(f"the weights of the unet {lack}")


def _channels(unet: dict[str, Any]) -> int:
    """Of its input; 0 when the config says no number."""
    channels = unet.get("in_channels", 4)
    return channels if type(channels) is int else 0


def _check_widths(folder: Path, components: tuple[Component, ...]) -> None:
    """The UNet reads what the text encoders write, one beside the other."""
    config = _config(folder, "unet")
    if components in XL_FAMILIES and config.get("addition_embed_type") != "text_time":
        raise Damaged(
            "unet/config.json has no addition_embed_type text_time, so it is none of SDXL"
        )
    reads = config.get("cross_attention_dim")
    written = [
        _config(folder, component.folder).get("hidden_size")
        for component in components
        if component.folder.startswith("text_encoder")
    ]
    numbers = [width for width in written if type(width) is int]
    if type(reads) is int and len(numbers) == len(written) and sum(numbers) != reads:
        raise Damaged(
            f"the text encoders write {sum(numbers)} numbers a token, the unet reads {reads}"
        )


# ---- the files of a component ------------------------------------------------------------------------------


def _weights(folder: Path) -> dict[str, tuple[int, ...]]:
    """The tensors of a component, from one file or from the pieces that its index names."""
    whole = [f"{stem}{variant}.safetensors" for variant in VARIANTS for stem in STEMS]
    names = [name for name in whole if (folder / name).is_file()][:1] or _pieces(folder)
    shapes: dict[str, tuple[int, ...]] = {}
    for name in names:
        if not (folder / name).is_file():
            raise Damaged(f"{folder.name}/{name} is missing")
        try:
            shapes.update(read_shapes(folder / name))
        except Damaged as error:
            raise Damaged(f"{folder.name}/{name} {error}") from error
    return shapes


def _pieces(folder: Path) -> list[str]:
    """The files that the component's index names. Raises Damaged, also when there is no index."""
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        pieces = read_object(index, f"{folder.name}/{index.name}").get("weight_map", {})
        names = sorted({str(name) for name in pieces.values()}) if isinstance(pieces, dict) else []
        if not names or any("/" in name or "\\" in name for name in names):
            raise Damaged(f"{folder.name}/{index.name} names no files beside it")
        return names
    wanted = STEMS[folder.name.startswith("text_encoder")] + ".safetensors"
    raise Damaged(f"{folder.name}/{wanted} {_missing(folder, wanted)}")


def _missing(folder: Path, wanted: str) -> str:
    others = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    if any(name.endswith((".bin", ".ckpt", ".pt")) for name in others):
        return "is missing; a pickle (.bin) is there, which could run code and is not read"
    variants = [name for name in others if name.endswith(".safetensors")]
    return f"is missing; rename {variants[0]} to it" if variants else "is missing"


def _check_tokenizer(folder: Path) -> None:
    """All that counting and encoding need is there."""
    if (folder / "tokenizer.json").is_file():
        return
    for name in ("vocab.json", "merges.txt"):
        if not (folder / name).is_file():
            raise Damaged(f"{folder.name}/{name} is missing")


def _config(folder: Path, component: str) -> dict[str, Any]:
    return _object(folder, component, "config.json")


def _known(folder: Path, component: str, name: str = "config.json") -> dict[str, Any]:
    """As `_object`, empty where that is damaged."""
    try:
        return _object(folder, component, name)
    except Damaged:
        return {}


def _object(folder: Path, component: str, name: str) -> dict[str, Any]:
    return read_object(folder / component / name, f"{component}/{name}")
