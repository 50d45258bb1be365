"""A model as the samplers see it: one function that guesses the clean latents."""

from __future__ import annotations

from collections.abc import Callable
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
    around = None if surroundings is None else torch.cat(surroundings, dim=1).to(model.dtype)

    def beside(text: Words) -> dict[str, Tensor]:
        told: dict[str, Tensor] = {}
        if model.family.is_told_its_size and text.pooled is not None:
            told = {"text_embeds": text.pooled, "time_ids": time_ids(request, model, text)}
        return told if around is None else {**told, "surroundings": around}

    return guided_denoiser(predictor(model, beside), conditioning, model.training, guidance_scale)


def time_ids(request: Request, model: Model, text: Words) -> Tensor:
    """(1, 6): original size, crop and target size in pixels, as SDXL was told them: Podell et al. 2023, section 2.2.

    (1, 5) for its refiner, which is told in place of the target size how beautiful the picture is.
    """
    assert request.height is not None
    assert request.width is not None
    scores, size = model.family.aesthetic_scores, (request.height, request.width)
    last = size if scores is None else (scores[text.is_negative],)
    return torch.tensor([[*size, 0, 0, *last]], dtype=model.dtype, device=model.device)


def predictor(model: Model, beside: Callable[[Words], dict[str, Tensor]]) -> Predict:
    """Asks for all texts of equal length in one call: with guidance that is one call of two rows.

    `beside`: what a row is told beside the states of its text, (1, …) each.
    """
    joined: dict[tuple[tuple[int, bool], ...], tuple[tuple[Words, ...], dict[str, Tensor]]] = {}

    def join(texts: tuple[Words, ...]) -> dict[str, Tensor]:
        """The same tensors from step to step, so that the loop, too, need join them only once for a batch."""
        key = tuple((id(text.hidden), text.is_negative) for text in texts)
        if key not in joined:
            rows = [{"encoder_hidden_states": text.hidden, **beside(text)} for text in texts]
            told = {name: torch.cat([row[name] for row in rows]) for name in rows[0]}
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
