"""A model as the samplers see it: one function that guesses the clean latents."""

from __future__ import annotations

from itertools import groupby

import torch
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.engine.gate import ask
from pipelines.worker.recipes.surroundings import Surroundings
from pipelines.worker.recipes.wording import Words
from pipelines.worker.sampling import Conditioning, Denoise, Predict, guided_denoiser
from pipelines.worker.weights.loading import Model


def denoiser(
    model: Model,
    conditioning: Conditioning,
    request: Request,
    guidance_scale: float,
    surroundings: Surroundings | None = None,
) -> Denoise:
    """The denoiser under a prompt; each evaluation is one call at the gate. `surroundings`: of inpainting models."""
    beside: dict[str, Tensor] = {}
    if model.family.is_told_its_size:
        beside["time_ids"] = time_ids(request, model)
    if surroundings is not None:
        beside["surroundings"] = torch.cat(surroundings, dim=1).to(model.dtype)
    return guided_denoiser(predictor(model, beside), conditioning, model.training, guidance_scale)


def time_ids(request: Request, model: Model) -> Tensor:
    """(1, 6): original size, crop and target size in pixels, as SDXL was told them: Podell et al. 2023, section 2.2."""
    size = [request.height, request.width]
    return torch.tensor([[*size, 0, 0, *size]], dtype=model.dtype, device=model.device)


def predictor(model: Model, beside: dict[str, Tensor]) -> Predict:
    """Asks for all texts of equal length in one call: with guidance that is one call of two rows.

    `beside`: what each row is told beside its text, (1, …) each.
    """
    joined: dict[tuple[int, ...], tuple[tuple[Words, ...], dict[str, Tensor]]] = {}

    def join(texts: tuple[Words, ...]) -> dict[str, Tensor]:
        """The same tensors from step to step, so that the loop, too, need join them only once for a batch."""
        key = tuple(id(text.hidden) for text in texts)
        if key not in joined:
            told = {"encoder_hidden_states": torch.cat([text.hidden for text in texts])}
            if model.family.is_told_its_size:
                told["text_embeds"] = torch.cat([t.pooled for t in texts if t.pooled is not None])
            for name, one in beside.items():
                told[name] = one.repeat(len(texts), *[1] * (one.ndim - 1))
            joined[key] = (texts, told)
        return joined[key][1]

    def predict(x: Tensor, timestep: float, texts: tuple[Words, ...]) -> tuple[Tensor, ...]:
        sample = x.to(model.dtype)
        outputs: list[Tensor] = []
        for _, alike in groupby(texts, key=lambda text: text.hidden.shape):
            told = join(tuple(alike))
            rows = len(told["encoder_hidden_states"])
            output = ask(
                model.denoiser,
                sample=sample.expand(rows, -1, -1, -1),
                timestep=timestep,
                return_dict=False,
                **told,
            )
            outputs += output[0].split(1)
        return tuple(outputs)

    return predict
