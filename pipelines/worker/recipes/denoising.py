"""A model as the samplers see it: one function that guesses the clean latents."""

from __future__ import annotations

from itertools import groupby

import torch
from torch import Tensor

from pipelines.worker.engine.gate import ask
from pipelines.worker.sampling import Conditioning, Denoise, Predict, guided_denoiser
from pipelines.worker.weights.loading import Model


def denoiser(model: Model, conditioning: Conditioning, guidance_scale: float) -> Denoise:
    """The denoiser under a prompt; each evaluation is one call at the gate."""
    return guided_denoiser(predictor(model), conditioning, model.training, guidance_scale)


def predictor(model: Model) -> Predict:
    """Asks for all embeddings of equal length in one call: with guidance that is one call of two rows."""
    joined: dict[tuple[int, ...], tuple[tuple[Tensor, ...], Tensor]] = {}

    def join(embeddings: tuple[Tensor, ...]) -> Tensor:
        """The same tensor from step to step, so that the loop, too, need join it only once for a batch."""
        key = tuple(id(embedding) for embedding in embeddings)
        if key not in joined:
            joined[key] = (embeddings, torch.cat(embeddings))
        return joined[key][1]

    def predict(x: Tensor, timestep: float, embeddings: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        sample = x.to(model.dtype)
        outputs: list[Tensor] = []
        for _, alike in groupby(embeddings, key=lambda embedding: embedding.shape):
            texts = join(tuple(alike))
            output = ask(
                model.denoiser,
                sample=sample.expand(len(texts), -1, -1, -1),
                timestep=timestep,
                encoder_hidden_states=texts,
                return_dict=False,
            )
            outputs += output[0].split(1)
        return tuple(outputs)

    return predict
