"""From words to what the denoiser is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from pipelines.asking.wording import Wording
from pipelines.errors import RequestError
from pipelines.prompting.chunks import PLAIN
from pipelines.request import Request
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.engine.gate import ask
from pipelines.worker.recipes.blending import blended
from pipelines.worker.recipes.chunks import Chunks, chunks_of, mentioned, under
from pipelines.worker.recipes.script import script
from pipelines.worker.recipes.words import Words
from pipelines.worker.sampling import Conditioning, Moment
from pipelines.worker.weights.loading import Model, TextEncoder

# The ways in which weights act on what was encoded → whether its mean is then brought back to what it was.
ACTING = {"original": True, "no norm": False}
ROUNDING = 1e-6


def conditioning(
    request: Request,
    model: Model,
    patch: Patch = NO_PATCH,
    *,
    first: int = 0,
    is_second_pass: bool = False,
) -> Conditioning:
    """What the prompts mean at every step of a pass, whose first step has this number in its plan.

    `patch`: what the text encoders wear. Each text is encoded once, and stays the same tensors wherever it holds.
    """
    clip_skip, wording = layer_of(request, model), request.wording
    known: dict[str, Words] = {}

    def told(text: str) -> Words:
        if text not in known:
            known[text] = words(text, model, patch, clip_skip, wording)
        return known[text]

    def negative(text: str | None) -> Words:
        is_zero = text is None and model.family.is_nothing_zero
        meant = _nothing(told(""), model) if is_zero else told(text or "")
        return meant._replace(is_negative=True)

    def spans_of(request: Request) -> Iterator[tuple[int, Moment]]:
        for until, said in script(request, is_second_pass=is_second_pass):
            parts = tuple((weight, told(text)) for weight, text in said.parts)
            yield first + until, Moment(parts, negative(said.negative), said.guidance_scale)

    own = tuple(spans_of(request))
    if (morph := request.morph) is None:
        return Conditioning(own)
    prompt, negative_prompt = morph.prompt, morph.negative_prompt
    other = replace(request, prompt=prompt, negative_prompt=negative_prompt)
    return blended(own, tuple(spans_of(other)), morph.share, told(""))


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


def words(
    text: str,
    model: Model,
    patch: Patch = NO_PATCH,
    clip_skip: int = 1,
    wording: Wording = PLAIN,
) -> Words:
    """The text, encoded, from the last but `clip_skip` − 1 layer.

    A text of more than 75 tokens is encoded in several chunks, each with its own start and end.
    """
    key = (text, patch, clip_skip, wording, mentioned(text, model, wording))
    known: Words | None = model.embeddings.get(key)
    if known is None:
        encoded = []
        for encoder in model.text_encoders:
            chunks = chunks_of(text, encoder, model, wording)
            hidden, pooled = _encoded(chunks, encoder, model, clip_skip)
            hidden = emphasised(hidden, chunks, wording)
            encoded.append((hidden.reshape(1, -1, hidden.shape[-1]), pooled))
        hidden = torch.cat([hidden for hidden, _ in encoded], dim=-1)
        pooled = next((pooled for _, pooled in encoded if pooled is not None), None)
        known = Words(hidden, pooled)
        model.embeddings.keep(key, known)
    return known


def emphasised(hidden: Tensor, chunks: Chunks, wording: Wording) -> Tensor:
    """hidden (chunks, 77, width) under the weights of its tokens.

    The mean is that of each chunk by itself, so that what a text means does not depend on what else is encoded.
    """
    if wording.emphasis not in ACTING or not chunks.is_weighted:
        return hidden
    plain = hidden.float()
    weighted = plain * torch.tensor(chunks.weights, device=hidden.device)[..., None]
    if ACTING[wording.emphasis]:
        weighted = weighted * _ratio(plain, weighted)
    return weighted.to(hidden.dtype)


def _ratio(plain: Tensor, weighted: Tensor) -> Tensor:
    """(chunks, 1, 1): what brings the mean back. A mean that is but the rounding of others' sum is left alone."""
    before, after = (states.mean((1, 2), keepdim=True) for states in (plain, weighted))
    smallest = ROUNDING * plain.abs().mean((1, 2), keepdim=True)
    is_mean = (before.abs() > smallest) & (after.abs() > smallest)
    return torch.where(is_mean, before / after, 1.0)


def _encoded(
    chunks: Chunks, encoder: TextEncoder, model: Model, clip_skip: int
) -> tuple[Tensor, Tensor | None]:
    """(hidden states (chunks, 77, width), pooled (1, width) where this encoder has it). Weights do not count yet."""
    ids = torch.tensor(chunks.ids, device=model.device)
    if clip_skip > 1:
        skipping = under(chunks.spots, encoder.skipping, encoder.words)
        same = (chunks.ids, clip_skip)
        return ask(skipping, same_as=same, input_ids=ids, clip_skip=clip_skip), None
    is_last = encoder.row.layer == -1
    wanted = {} if is_last else {"output_hidden_states": True}
    component = under(chunks.spots, encoder.component, encoder.words)
    answer = ask(component, same_as=chunks.ids, input_ids=ids, **wanted)
    hidden = answer.last_hidden_state if is_last else answer.hidden_states[encoder.row.layer]
    return hidden, answer.text_embeds[:1] if encoder.row.is_pooled else None


def _nothing(like: Words, model: Model) -> Words:
    """Zeros, remembered as one value, so that pictures which share it are told the same tensor."""
    known: Words | None = model.embeddings.get(None)
    if known is None or known.hidden.shape != like.hidden.shape:
        pooled = None if like.pooled is None else torch.zeros_like(like.pooled)
        known = Words(torch.zeros_like(like.hidden), pooled)
        model.embeddings.keep(None, known)
    return known
