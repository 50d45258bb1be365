"""What enlarges a picture between the two passes of hires fix, beside files of networks: the table of names."""

from __future__ import annotations

from typing import NamedTuple

LIBRARY = "spandrel"  # which builds the networks of files; it is optional
REMEDY = "Install it beside Darkroom: pip install -r requirements-upscalers.txt"
# Other names → ours. AUTOMATIC1111's None leaves the picture as it is, and what is left to do to Lanczos.
ALIASES = {"none": "Lanczos"}


class UpscalerName(NamedTuple):
    """`mode`: as torch (latents) or Pillow (pixels) calls the interpolation."""

    name: str
    is_latent: bool
    mode: str
    antialias: bool = False
    hint: str = ""


UPSCALERS = (
    UpscalerName("Latent", True, "bilinear", hint="soft; the second pass invents much"),
    UpscalerName("Latent (antialiased)", True, "bilinear", True, "as Latent, when it enlarges"),
    UpscalerName("Latent (bicubic)", True, "bicubic", hint="sharper edges than Latent"),
    UpscalerName("Latent (bicubic antialiased)", True, "bicubic", True, "a softer bicubic"),
    UpscalerName("Latent (nearest)", True, "nearest", hint="repeats latents"),
    UpscalerName("Latent (nearest-exact)", True, "nearest-exact", hint="keeps most of it crisp"),
    UpscalerName("Lanczos", False, "lanczos", hint="of pixels; for strengths below 0.5"),
    UpscalerName("Nearest", False, "nearest", hint="of pixels; for pixel art"),
)


def find_upscaler(name: str) -> UpscalerName | None:
    """The row of this name in any case; None: it can only be the name of a file."""
    wanted = name.strip().casefold()
    wanted = ALIASES.get(wanted, wanted).casefold()
    return next((row for row in UPSCALERS if row.name.casefold() == wanted), None)
