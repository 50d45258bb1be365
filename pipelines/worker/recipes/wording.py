"""From words to what the denoiser is told."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.errors import RequestError
from pipelines.prompting.networks import split
from pipelines.request import Request
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.engine.gate import ask
from pipelines.worker.recipes.chunks import chunks_of, mentioned, under
from pipelines.worker.sampling import Conditioning
from pipelines.worker.weights.loading import Model, TextEncoder


class Words(NamedTuple):
    """A text as the denoiser is told it, in the model's number format."""

    hidden: Tensor  # (1, 77 · chunks, width): the states of all text encoders, side by side
    pooled: Tensor | None = None  # (1, width): the end of the first chunk, projected
    is_negative: bool = False


def conditioning(request: Request, model: Model, patch: Patch = NO_PATCH) -> Conditioning:
    """What the prompt and the negative prompt mean, at every step. `patch`: what the text encoders wear."""
    clip_skip = layer_of(request, model)
    negative = words(request.negative_prompt, model, patch, clip_skip)
    if model.family.is_nothing_zero and not request.negative_prompt.strip():
        negative = _nothing(negative, model)
    assert request.sampling.guidance_scale is not None
    return Conditioning.constant(
        words(split(request.prompt)[0], model, patch, clip_skip),
        negative._replace(is_negative=True),
        request.sampling.guidance_scale,
    )


def layer_of(request: Request, model: Model) -> int:
    """The request's clip skip; 1 for families with a layer of their own, as in AUTOMATIC1111. Raises RequestError."""
    clip_skip = request.clip_skip or 1
    layers = min(encoder.layers for encoder in model.text_encoders)
    if clip_skip > 1 and not model.family.may_skip_layers:
        return 1
    if clip_skip > layers:
        why = f"is more than the text encoder of {model.ref.name} has layers"
        raise RequestError("clip_skip", clip_skip, why, f"Use at most {layers}.")
    return clip_skip


def words(text: str, model: Model, patch: Patch = NO_PATCH, clip_skip: int = 1) -> Words:
    """The text, encoded, from the last but `clip_skip` − 1 layer.

    A text of more than 75 tokens is encoded in several chunks, each with its own start and end.
    """
    key = (text, patch, clip_skip, mentioned(text, model))
    known: Words | None = model.embeddings.get(key)
    if known is None:
        encoded = [_encoded(text, encoder, model, clip_skip) for encoder in model.text_encoders]
        hidden = torch.cat([hidden for hidden, _ in encoded], dim=-1)
        pooled = next((pooled for _, pooled in encoded if pooled is not None), None)
        known = Words(hidden, pooled)
        model.embeddings.keep(key, known)
    return known


def _encoded(
    text: str, encoder: TextEncoder, model: Model, clip_skip: int
) -> tuple[Tensor, Tensor | None]:
    """(hidden states (1, tokens, width), pooled (1, width) where this encoder has it)."""
    chunks = chunks_of(text, encoder, model)
    ids = torch.tensor(chunks.ids, device=model.device)
    if clip_skip > 1:
        skipping = under(chunks.spots, encoder.skipping, encoder.words)
        states = ask(skipping, same_as=(text, clip_skip), input_ids=ids, clip_skip=clip_skip)
        return states.reshape(1, -1, states.shape[-1]), None
    is_last = encoder.row.layer == -1
    wanted = {} if is_last else {"output_hidden_states": True}
    component = under(chunks.spots, encoder.component, encoder.words)
    answer = ask(component, same_as=text, input_ids=ids, **wanted)
    hidden = answer.last_hidden_state if is_last else answer.hidden_states[encoder.row.layer]
    pooled = answer.text_embeds[:1] if encoder.row.is_pooled else None
    return hidden.reshape(1, -1, hidden.shape[-1]), pooled


def _nothing(like: Words, model: Model) -> Words:
    """Zeros, remembered as one value, so that pictures which share it are told the same tensor."""
    known: Words | None = model.embeddings.get(None)
    if known is None or known.hidden.shape != like.hidden.shape:
        pooled = None if like.pooled is None else torch.zeros_like(like.pooled)
        known = Words(torch.zeros_like(like.hidden), pooled)
        model.embeddings.keep(None, known)
    return known
