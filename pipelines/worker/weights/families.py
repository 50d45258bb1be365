"""The model families: one row each. A new family is a row here, a toy in tests/tiny.py and a line in the docs."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import ModelUnreadable
from pipelines.worker.engine.batching import BatchRules

Factors = tuple[tuple[float, float, float], ...]

UNET_RULES = BatchRules(
    rows=("sample", "encoder_hidden_states"),
    clock="timestep",
    same=("return_dict",),
    steady=("encoder_hidden_states",),
)


@dataclass(frozen=True)
class Family:
    """What all checkpoints of one kind have in common."""

    name: str
    latent_channels: int
    px_per_cell: int  # the VAE makes a square of so many pixels from each cell of the latents
    denoiser_rules: BatchRules
    latent_rgb_factors: Factors  # (channels, 3): latents · factors + bias ≈ RGB in 0…1
    latent_rgb_bias: tuple[float, float, float]
    prompt_tokens: int = 75  # in one chunk, without start and end


FAMILIES = (
    Family(
        name="sd15",
        latent_channels=4,
        px_per_cell=8,
        denoiser_rules=UNET_RULES,
        # Fitted by Kevin Turner, discuss.huggingface.co/t/23204; halved, since RGB is 0…1 here and not −1…1.
        latent_rgb_factors=(
            (0.149, 0.1035, 0.104),
            (0.0935, 0.143, 0.0865),
            (-0.079, 0.0945, 0.132),
            (-0.092, -0.1355, -0.2365),
        ),
        latent_rgb_bias=(0.5, 0.5, 0.5),
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
