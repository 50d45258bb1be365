"""What this version runs: one row a family, with what its checkpoints are best used with and its preview colours."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.request import Defaults

SD, SDXL = "Stable Diffusion 1 and 2", "SDXL"
REFINER = "sdxl_refiner"

Factors = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class FamilyFacts:
    """`latent_rgb_*`: latents · factors + bias ≈ RGB in 0…1, for previews without the VAE."""

    defaults: Defaults
    latents: str  # whose they are: families of the same can go on with one another's pictures
    latent_rgb_factors: Factors
    latent_rgb_bias: tuple[float, float, float] = (0.5, 0.5, 0.5)
    latent_scaling: float = 0.18215  # a VAE is made for one; it is that of its config


# Fitted by Kevin Turner, https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204;
# halved, since his RGB is −1…1.
SD_FACTORS = (
    (0.149, 0.1035, 0.104),
    (0.0935, 0.143, 0.0865),
    (-0.079, 0.0945, 0.132),
    (-0.092, -0.1355, -0.2365),
)
# Fitted by Timothy Alexis Vass, https://huggingface.co/blog/TimothyAlexisVass/explaining-the-sdxl-latent-space;
# over 255, since his RGB is 0…255.
SDXL_FACTORS = (
    (60 / 255, 60 / 255, 60 / 255),
    (-60 / 255, -5 / 255, 10 / 255),
    (25 / 255, 15 / 255, -5 / 255),
    (-70 / 255, -50 / 255, -35 / 255),
)

FAMILIES = {
    "sd15": FamilyFacts(defaults=Defaults(), latents=SD, latent_rgb_factors=SD_FACTORS),
    "sd2": FamilyFacts(
        defaults=Defaults(width=768, height=768),  # what predicts noise: 512, see defaults.py
        latents=SD,
        latent_rgb_factors=SD_FACTORS,
    ),
    **dict.fromkeys(
        ("sdxl", REFINER),
        FamilyFacts(
            defaults=Defaults(width=1024, height=1024, steps=25, guidance_scale=6.0),
            latents=SDXL,
            latent_scaling=0.13025,
            latent_rgb_factors=SDXL_FACTORS,
            latent_rgb_bias=(150 / 255, 140 / 255, 130 / 255),
        ),
    ),
}
