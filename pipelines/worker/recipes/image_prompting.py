"""Pictures as prompts: what an image encoder sees of one, as keys and values for each attention to the prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipelines.worker.engine.gate import ask
from pipelines.worker.messages import GuideRef, ImagePromptTask
from pipelines.worker.weights.image_encoder import ImageEncoder
from pipelines.worker.weights.ip_adapter import IpAdapter
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.picture import Sample

States = tuple[Tensor, ...]  # for each layer (1, tokens, 2 · width): keys and values


@dataclass(frozen=True, eq=False)
class Prompting:
    """An IP-Adapter at work."""

    adapter: IpAdapter
    encoder: ImageEncoder
    sample: Sample
    files: tuple[GuideRef, ...]  # of encoder and picture, by which is known what was seen
    weight: float
    start: float
    end: float


def prompts_of(
    tasks: Sequence[ImagePromptTask], guides: Mapping[GuideRef, Any]
) -> tuple[Prompting, ...]:
    """Those that count, with their networks and pictures."""
    return tuple(
        Prompting(
            guides[task.adapter],
            guides[task.encoder],
            guides[task.picture],
            (task.encoder, task.picture),
            task.weight,
            task.start,
            task.end,
        )
        for task in tasks
    )


def states_of(prompt: Prompting, model: Model, *, is_negative: bool) -> States:
    """What the denoiser is told of the picture; for the negative prompt, of none. Values carry the weight."""
    key = (*prompt.files, is_negative)
    known: States | None = prompt.adapter.known.get(key)
    if known is None:
        seen = _seen(prompt, model, is_negative=is_negative)
        known = tuple(ask(prompt.adapter.component, same_as=key, seen=seen))
        prompt.adapter.known.keep(key, known)
    return tuple(_weighted(state, prompt.weight) for state in known)


def _seen(prompt: Prompting, model: Model, *, is_negative: bool) -> Tensor:
    """The projected embedding, or the states of the last but one layer. No picture: zeros, or what zeros look like."""
    adapter, encoder = prompt.adapter, prompt.encoder
    picture = encoder.prepare(prompt.sample.levels, return_tensors="pt").pixel_values
    pixels = picture.to(device=model.device, dtype=model.dtype)
    if is_negative and not adapter.is_pooled:
        pixels = torch.zeros_like(pixels)
    key = (*prompt.files, is_negative)
    told = {"pixel_values": pixels, "output_hidden_states": not adapter.is_pooled}
    answer = ask(encoder.component, same_as=(key, adapter.is_pooled), **told)
    if not adapter.is_pooled:
        states: Tensor = answer.hidden_states[-2]
        return states
    embedding: Tensor = answer.image_embeds
    return torch.zeros_like(embedding) if is_negative else embedding


def _weighted(state: Tensor, weight: float) -> Tensor:
    keys, values = state.chunk(2, dim=-1)
    return torch.cat([keys, values * weight], dim=-1)
