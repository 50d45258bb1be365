"""From words to what the denoiser is told."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.prompting.networks import split
from pipelines.request import Request
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.engine.gate import ask
from pipelines.worker.sampling import Conditioning
from pipelines.worker.weights.loading import Model, TextEncoder


class Words(NamedTuple):
    """A text as the denoiser is told it, in the model's number format."""

    hidden: Tensor  # (1, 77 · chunks, width): the states of all text encoders, side by side
    pooled: Tensor | None = None  # (1, width): the end of the first chunk, projected


def conditioning(request: Request, model: Model, patch: Patch = NO_PATCH) -> Conditioning:
    """What the prompt and the negative prompt mean, at every step. `patch`: what the text encoders wear."""
    negative = words(request.negative_prompt, model, patch)
    if model.family.is_nothing_zero and not request.negative_prompt.strip():
        negative = _nothing(negative, model)
    return Conditioning.constant(
        positive=words(split(request.prompt)[0], model, patch), negative=negative
    )


def words(text: str, model: Model, patch: Patch = NO_PATCH) -> Words:
    """The text, encoded.

    A text of more than 75 tokens is encoded in several chunks, each with its own start and end.
    """
    known: Words | None = model.embeddings.get((text, patch))
    if known is None:
        encoded = [_encoded(text, encoder, model) for encoder in model.text_encoders]
        hidden = torch.cat([hidden for hidden, _ in encoded], dim=-1)
        pooled = next((pooled for _, pooled in encoded if pooled is not None), None)
        known = Words(hidden, pooled)
        model.embeddings.keep((text, patch), known)
    return known


def token_chunks(text: str, encoder: TextEncoder, model: Model) -> list[list[int]]:
    """The token ids in chunks of 77: start, up to 75 tokens, end, padding. No text is one empty chunk."""
    tokenizer, size = encoder.tokenizer, model.family.prompt_tokens
    ids = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    chunks = [ids[begin : begin + size] for begin in range(0, len(ids), size)] or [[]]
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    return [[start, *chunk, end, *([encoder.padding] * (size - len(chunk)))] for chunk in chunks]


def _encoded(text: str, encoder: TextEncoder, model: Model) -> tuple[Tensor, Tensor | None]:
    """(hidden states (1, tokens, width), pooled (1, width) where this encoder has it)."""
    ids = torch.tensor(token_chunks(text, encoder, model), device=model.device)
    is_last = encoder.row.layer == -1
    wanted = {} if is_last else {"output_hidden_states": True}
    answer = ask(encoder.component, same_as=text, input_ids=ids, **wanted)
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
