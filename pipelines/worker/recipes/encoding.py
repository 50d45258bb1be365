"""From a picture to latents."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor

from pipelines.errors import NotFinite
from pipelines.worker.engine.gate import ask
from pipelines.worker.weights.loading import Model


def encode(
    picture: Tensor,
    model: Model,
    *,
    same_as: Hashable | None = None,
    seamless: str | None = None,
) -> Tensor:
    """(batch, 3, height, width) in −1…1 → latents (batch, channels, height/8, width/8), float32.

    They are the means that the VAE gives: the same picture always has the same latents. `same_as`: see `ask`.
    Raises NotFinite.
    """
    vae = model.vae
    key = None if same_as is None else (same_as, seamless)
    told = {"same_as": key, "seamless": seamless}
    latents = ask(vae.encode, x=picture.to(model.dtype), **told)
    if not torch.isfinite(latents).all():  # half precision overflows in some VAEs
        latents = ask(vae.encode_float32, x=picture, **told)
    if not torch.isfinite(latents).all():
        raise NotFinite(
            "The encoded picture holds NaN or infinity, in float32 too.",
            f"The VAE in {vae.source} is probably damaged: copy or download it again, or choose another.",
        )
    scaled: Tensor = latents.float() * vae.scaling_factor
    return scaled
