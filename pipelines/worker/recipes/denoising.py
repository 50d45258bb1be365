"""A model as the samplers see it: one function that guesses the clean latents."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.engine.gate import ask
from pipelines.worker.recipes.controlling import residuals
from pipelines.worker.recipes.guiding import NOTHING, Guiding
from pipelines.worker.recipes.image_prompting import States, states_of
from pipelines.worker.recipes.surroundings import Surroundings
from pipelines.worker.recipes.words import Words
from pipelines.worker.sampling import (
    Conditioning,
    Denoise,
    Denoised,
    Plan,
    Predict,
    guided_denoiser,
)
from pipelines.worker.weights.loading import Model

Beside = Callable[
    [Words], dict[str, Tensor]
]  # what a row is told beside its text's states, (1, …) each


def beside(request: Request, model: Model, surroundings: Surroundings | None = None) -> Beside:
    """What the family wants to be told, and `surroundings`, which inpainting models do."""
    around = None if surroundings is None else torch.cat(surroundings, dim=1).to(model.dtype)

    def told(text: Words) -> dict[str, Tensor]:
        own: dict[str, Tensor] = {}
        if model.family.is_told_its_size and text.pooled is not None:
            own = {"text_embeds": text.pooled, "time_ids": time_ids(request, model, text)}
        return own if around is None else {**own, "surroundings": around}

    return told


def time_ids(request: Request, model: Model, text: Words) -> Tensor:
    """(1, 6): original size, crop and target size in pixels, as SDXL was told them: Podell et al. 2023, section 2.2.

    (1, 5) for its refiner, which is told in place of the target size how beautiful the picture is.
    """
    assert request.height is not None
    assert request.width is not None
    scores, size = model.family.aesthetic_scores, (request.height, request.width)
    last = size if scores is None else (scores[text.is_negative],)
    return torch.tensor([[*size, 0, 0, *last]], dtype=model.dtype, device=model.device)


def denoiser(
    model: Model,
    conditioning: Conditioning,
    course: Plan,
    beside: Beside,
    guiding: Guiding = NOTHING,
) -> Denoise:
    """The denoiser under a prompt; each evaluation is one call at the gate, after one for each ControlNet."""

    @cache
    def under(active: Guiding) -> Denoise:
        predict = predictor(model, beside, active)
        return guided_denoiser(predict, conditioning, model.training, course.guidance)

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        return under(guiding.at(step, course.steps))(x, sigma, step)

    return denoise


def predictor(model: Model, beside: Beside, guiding: Guiding = NOTHING) -> Predict:
    """Asks for all texts of equal length in one call: with guidance that is one call of two rows."""
    joined: dict[tuple[tuple[int, bool], ...], tuple[tuple[Words, ...], dict[str, Any]]] = {}

    def join(texts: tuple[Words, ...]) -> dict[str, Any]:
        """The same tensors from step to step, so that the loop, too, need join them only once for a batch."""
        key = tuple((id(text.hidden), text.is_negative) for text in texts)
        if key not in joined:
            rows = [{"encoder_hidden_states": text.hidden, **beside(text)} for text in texts]
            told: dict[str, Any] = {
                name: torch.cat([row[name] for row in rows]) for name in rows[0]
            }
            if guiding.prompts:
                seen = zip(*(looks(text.is_negative) for text in texts), strict=True)
                told["image_states"] = tuple(torch.cat(column) for column in seen)
            joined[key] = (texts, told)
        return joined[key][1]

    @cache
    def looks(is_negative: bool) -> States:
        """What all image prompts say, one after another."""
        each = (states_of(one, model, is_negative=is_negative) for one in guiding.prompts)
        return tuple(state for states in each for state in states)

    @cache
    def pictures(rows: int) -> list[Tensor]:
        """Likewise."""
        return [control.picture.expand(rows, -1, -1, -1) for control in guiding.controls]

    def predict(x: Tensor, timestep: float, texts: tuple[Words, ...]) -> tuple[Tensor, ...]:
        sample = x.to(model.dtype)
        outputs: list[Tensor] = []
        for _, alike in groupby(texts, key=lambda text: text.hidden.shape):
            told = join(tuple(alike))
            rows = len(told["encoder_hidden_states"])
            asked = {
                "sample": sample.expand(rows, -1, -1, -1),
                "timestep": timestep,
                "seamless": guiding.seamless,
                **told,
            }
            steered = residuals(guiding.controls, pictures(rows), asked)
            output = ask(model.denoiser, return_dict=False, **asked, **steered)
            outputs += output[0].split(1)
        return tuple(outputs)

    return predict
