"""What a half-developed picture looks like: latents to RGB by a linear map, as a small JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from pipelines.catalog.families import FAMILIES
from pipelines.worker.weights.loading import Model

SHORT_SIDE_PX = 128  # smaller previews are enlarged to about this, so that no browser shows blocks
JPEG_QUALITY = 80


@dataclass(frozen=True, eq=False)
class LatentColours:
    """latents · factors + bias ≈ RGB in 0…1; factors (channels, 3) and bias (3,) on the model's device."""

    factors: Tensor
    bias: Tensor


def colours_of(model: Model) -> LatentColours:
    """The checkpoint's own colours, else its family's."""
    own = model.ref if model.ref.latent_rgb_factors else FAMILIES[model.family.name]
    factors, bias = own.latent_rgb_factors, own.latent_rgb_bias
    return LatentColours(
        torch.tensor(factors, device=model.device), torch.tensor(bias, device=model.device)
    )


def preview(x0: Tensor, colours: LatentColours) -> bytes:
    """A JPEG of latents (1, channels, h, w)."""
    rgb = torch.einsum("chw,cr->hwr", x0[0].float(), colours.factors) + colours.bias
    pixels = rgb.clamp(0, 1).mul(255).round().to(torch.uint8).cpu().numpy()
    image = Image.fromarray(pixels)
    scale = SHORT_SIDE_PX // min(image.size)
    if scale > 1:
        size = (image.width * scale, image.height * scale)
        image = image.resize(size, Image.Resampling.BICUBIC)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()
