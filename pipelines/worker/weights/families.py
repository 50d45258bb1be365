"""The model families: one row each. A new family is a row here, a toy in tests/tiny.py and a line in the docs."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import ModelUnreadable
from pipelines.worker.engine.batching import BatchRules

Factors = tuple[tuple[float, float, float], ...]

UNET_RULES = BatchRules(
    rows=("sample", "encoder_hidden_states", "text_embeds", "time_ids"),
    clock="timestep",
    same=("return_dict",),
    steady=("encoder_hidden_states", "text_embeds", "time_ids"),
)


@dataclass(frozen=True)
class TextEncoderRow:
    """One of a family's text encoders: where it is found, and what of its answer is used."""

    folder: str  # in the layout of diffusers
    tokenizer: str
    prefix: str  # of its tensors in a single file of the original layout
    is_open_clip: bool = False  # a single file then holds it in OpenCLIP's layout
    is_pooled: bool = False  # its projected end-of-text state is told to the denoiser, too
    layer: int = (
        -1
    )  # −1: the last hidden states, normalised; −2: those of the layer before, as they are
    padding: int | None = (
        None  # token id after the end, where no tokenizer says it; None: the end-of-text token
    )


@dataclass(frozen=True)
class Family:
    """What all checkpoints of one kind have in common."""

    name: str
    text_encoders: tuple[TextEncoderRow, ...]
    latent_rgb_factors: Factors  # (channels, 3): latents · factors + bias ≈ RGB in 0…1
    latent_rgb_bias: tuple[float, float, float]
    latent_channels: int = 4
    px_per_cell: int = 8  # the VAE makes a square of so many pixels from each cell of the latents
    scaling_factor: float = 0.18215  # of the latents, where no config says it
    heads: int | None = (
        None  # of each attention, where no config says it; None: one for each 64 channels
    )
    denoiser_rules: BatchRules = UNET_RULES
    prompt_tokens: int = 75  # in one chunk, without start and end
    is_told_its_size: bool = False  # the denoiser is also told the size in pixels
    is_nothing_zero: bool = False  # an empty negative prompt is zeros, not the encoding of ""
    fits_half: bool = True  # its VAE can compute in float16
    is_prediction_open: bool = (
        False  # both kinds of prediction exist, and single files do not say which
    )


# Fitted by Kevin Turner, discuss.huggingface.co/t/23204; halved, since RGB is 0…1 here and not −1…1.
SD_FACTORS = (
    (0.149, 0.1035, 0.104),
    (0.0935, 0.143, 0.0865),
    (-0.079, 0.0945, 0.132),
    (-0.092, -0.1355, -0.2365),
)
GREY = (0.5, 0.5, 0.5)

FAMILIES = (
    Family(
        name="sd15",
        text_encoders=(
            TextEncoderRow("text_encoder", "tokenizer", "cond_stage_model.transformer."),
        ),
        latent_rgb_factors=SD_FACTORS,
        latent_rgb_bias=GREY,
        heads=8,
    ),
    Family(
        name="sd2",
        # Its folder has OpenCLIP without the last layer: so the last one there is the last but one of the original.
        text_encoders=(
            TextEncoderRow(
                "text_encoder", "tokenizer", "cond_stage_model.model.", is_open_clip=True, padding=0
            ),
        ),
        latent_rgb_factors=SD_FACTORS,
        latent_rgb_bias=GREY,
        is_prediction_open=True,
    ),
    Family(
        name="sdxl",  # Podell et al. 2023, arXiv:2307.01952
        text_encoders=(
            TextEncoderRow(
                "text_encoder", "tokenizer", "conditioner.embedders.0.transformer.", layer=-2
            ),
            TextEncoderRow(
                *("text_encoder_2", "tokenizer_2", "conditioner.embedders.1.model."),
                is_open_clip=True,
                is_pooled=True,
                layer=-2,
                padding=0,
            ),
        ),
        # Fitted by Timothy Alexis Vass, huggingface.co/blog/TimothyAlexisVass/explaining-the-sdxl-latent-space;
        # over 255, since RGB is 0…1 here.
        latent_rgb_factors=(
            (0.2353, 0.2353, 0.2353),
            (-0.2353, -0.0196, 0.0392),
            (0.098, 0.0588, -0.0196),
            (-0.2745, -0.1961, -0.1373),
        ),
        latent_rgb_bias=(0.5882, 0.549, 0.5098),
        scaling_factor=0.13025,
        is_told_its_size=True,
        is_nothing_zero=True,
        fits_half=False,
    ),
)


def find_family(name: str) -> Family:
    """The row of that name. Raises ModelUnreadable."""
    for family in FAMILIES:
        if family.name == name:
            return family
    known = ", ".join(family.name for family in FAMILIES)
    raise ModelUnreadable(
        f"Checkpoints of the family {name!r} cannot be run.", f"Known families: {known}."
    )
