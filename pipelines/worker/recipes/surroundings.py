"""What an inpainting model is told beside the words: where it may paint, and what stands around that place."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.weights.loading import Model


class Surroundings(NamedTuple):
    """Both in the size of the latents, float32."""

    mask: Tensor  # (1, 1, h, w): 1 where it paints
    picture: Tensor  # (1, 4, h, w): the latents of the picture, grey where it paints


def nothing_around(request: Request, model: Model) -> Surroundings:
    """For a picture from words alone: all of it is to be painted, and all that is there is grey.

    So does AUTOMATIC1111. It is the same for all pictures of a size, which are told the same tensors.
    """
    seamless = request.seamless
    key = ("nothing around", model.vae.source, request.height, request.width, seamless)
    known: Surroundings | None = model.embeddings.get(key)
    if known is None:
        assert request.height is not None
        assert request.width is not None
        grey = torch.zeros((1, 3, request.height, request.width), device=model.device)
        picture = encode(grey, model, same_as=key, seamless=seamless)
        known = Surroundings(torch.ones_like(picture[:, :1]), picture)
        model.embeddings.keep(key, known)
    return known
