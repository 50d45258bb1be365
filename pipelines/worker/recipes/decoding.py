"""From finished latents to pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from pipelines.errors import NotFinite
from pipelines.worker.engine.gate import ask
from pipelines.worker.weights.loading import Model


def decode(latents: Tensor, model: Model, seamless: str | None = None) -> Tensor:
    """(height, width, 3) uint8 on the CPU. Raises NotFinite rather than give a black picture.

    Pictures are decoded one by one: what others finish at the same time changes no bit of this one.
    """
    vae = model.vae
    z = latents / vae.scaling_factor
    told = {"return_dict": False, "seamless": seamless}
    image = ask(vae.decode, z=z.to(model.dtype), **told)[0]
    if not torch.isfinite(image).all():  # half precision overflows in some VAEs
        image = ask(vae.decode_float32, z=z, **told)[0]
    if not torch.isfinite(image).all():
        raise NotFinite(
            "The decoded picture holds NaN or infinity, in float32 too.",
            f"The VAE in {vae.source} is probably damaged: copy or download it again, or choose another.",
        )
    levels: Tensor = (image[0].float() / 2 + 0.5).clamp(0, 1).mul(255).round()
    return levels.to(torch.uint8).permute(1, 2, 0).contiguous().cpu()
