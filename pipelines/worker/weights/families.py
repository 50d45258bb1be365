"""The model families: one row each. A new family is a row here, a toy in tests/tiny.py and a line in the docs."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import ModelUnreadable
from pipelines.worker.engine.batching import BatchRules
from pipelines.worker.sampling.noise_schedule import ALIGNED_SD15, ALIGNED_SDXL

# What the VAE takes while it decodes, in numbers for each pixel and channel of its last block.
VAE_NUMBERS_PER_CHANNEL = 6.1
UNET_RULES = BatchRules(
    rows=(
        "sample",
        "encoder_hidden_states",
        "text_embeds",
        "time_ids",
        "surroundings",
        "image_states",
        "down_block_additional_residuals",
        "mid_block_additional_residual",
    ),
    clock="timestep",
    same=("return_dict", "seamless"),
    steady=("encoder_hidden_states", "text_embeds", "time_ids", "surroundings", "image_states"),
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
    # Token id after the end, where no tokenizer says it; None: the end-of-text token.
    padding: int | None = None


@dataclass(frozen=True)
class Family:
    """What all checkpoints of one kind have in common."""

    name: str
    text_encoders: tuple[TextEncoderRow, ...]
    latent_channels: int = 4
    px_per_cell: int = 8  # the VAE makes a square of so many pixels from each cell of the latents
    scaling_factor: float = 0.18215  # of the latents, where no config says it
    # Of each attention, where no config says it; None: one for each 64 channels.
    heads: int | None = None
    denoiser_rules: BatchRules = UNET_RULES
    prompt_tokens: int = 75  # in one chunk, without start and end
    is_told_its_size: bool = False  # the denoiser is also told the size in pixels
    is_nothing_zero: bool = False  # an empty negative prompt is zeros, not the encoding of ""
    fits_half: bool = True  # its VAE can compute in float16
    # Both kinds of prediction exist, and single files do not say which.
    is_prediction_open: bool = False
    # What the denoiser is told that prompt and negative prompt are worth, in place of a target size.
    aesthetic_scores: tuple[float, float] | None = None
    size_px: int = 512  # of a picture as its checkpoints were trained
    aligned_sigmas: tuple[float, ...] = ALIGNED_SD15  # of the schedule Align Your Steps
    # What its denoiser takes while it computes, in numbers for each cell and each channel of the first block.
    numbers_per_channel: float = 27.0

    def denoiser_work(self, channels: int) -> int:
        """Numbers for each cell of the latents of one row, for a UNet with so many channels in its first block."""
        return int(self.numbers_per_channel * channels)

    def vae_work(self, channels: int) -> int:
        """Numbers for each pixel that is decoded by a VAE with so many channels in its last block."""
        return int(VAE_NUMBERS_PER_CHANNEL * channels)

    @property
    def may_skip_layers(self) -> bool:
        """Whether clip skip means anything: SDXL was trained on the last but one layer, and always speaks from it."""
        return all(row.layer == -1 for row in self.text_encoders)


FAMILIES = (
    Family(
        name="sd15",
        text_encoders=(
            TextEncoderRow("text_encoder", "tokenizer", "cond_stage_model.transformer."),
        ),
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
        scaling_factor=0.13025,
        is_told_its_size=True,
        is_nothing_zero=True,
        fits_half=False,
        size_px=1024,
        aligned_sigmas=ALIGNED_SDXL,
        numbers_per_channel=16.5,
    ),
    Family(
        name="sdxl_refiner",  # ibid., section 2.5: for the last steps of a picture, at low noise
        text_encoders=(
            TextEncoderRow(
                *("text_encoder_2", "tokenizer_2", "conditioner.embedders.0.model."),
                is_open_clip=True,
                is_pooled=True,
                layer=-2,
                padding=0,
            ),
        ),
        scaling_factor=0.13025,
        is_told_its_size=True,
        fits_half=False,
        aesthetic_scores=(6.0, 2.5),
        size_px=1024,
        aligned_sigmas=ALIGNED_SDXL,
        numbers_per_channel=16.5,
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
