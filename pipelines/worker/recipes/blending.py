"""Blending: what two prompts mean becomes one meaning in between, at every step of a pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from pipelines.worker.recipes.words import Words
from pipelines.worker.sampling import Conditioning, Moment

Spans = Sequence[tuple[int, Moment]]


def blended(own: Spans, other: Spans, share: float, nothing: Words) -> Conditioning:
    """`share` of the other's meaning, the rest of the own one; `nothing`: no words, with which a shorter text goes on.

    Plain prompts are blended as embeddings, on the line between them. A sum (`a AND b`) has several, which belong to
    none of the other's: there each part counts by its prompt's share, which is the same way made by guidance.
    """
    known: dict[tuple[int, int], Words] = {}

    def between(one: Words, two: Words) -> Words:
        key = (id(one), id(two))
        if key not in known:
            known[key] = _between(one, two, share, nothing)
        return known[key]

    def moment(one: Moment, two: Moment) -> Moment:
        negative = between(one.negative, two.negative)
        if len(one.parts) == len(two.parts) == 1:
            (weight, words), (weight_two, words_two) = one.parts[0], two.parts[0]
            weight += share * (weight_two - weight)
            return Moment(((weight, between(words, words_two)),), negative, one.guidance_scale)
        parts = [(weight * (1 - share), words) for weight, words in one.parts]
        parts += [(weight * share, words) for weight, words in two.parts]
        return Moment(tuple(parts), negative, one.guidance_scale)

    return Conditioning(tuple((until, moment(*both)) for until, *both in _together(own, other)))


def _together(own: Spans, other: Spans) -> Iterator[tuple[int, Moment, Moment]]:
    """(until, both moments) wherever neither changes."""
    one, two = Conditioning(tuple(own)), Conditioning(tuple(other))
    begin = 0
    for until in sorted({until for until, _ in (*own, *other)}):
        yield until, one.at(begin), two.at(begin)
        begin = until


def _between(one: Words, two: Words, share: float, nothing: Words) -> Words:
    if one is two or share == 0:
        return one
    if share == 1:
        return two
    length = max(one.hidden.shape[1], two.hidden.shape[1])
    pair = [_as_long(words.hidden, length, nothing.hidden) for words in (one, two)]
    pooled = None
    if one.pooled is not None and two.pooled is not None:
        pooled = torch.lerp(one.pooled, two.pooled, share)
    return Words(torch.lerp(pair[0], pair[1], share), pooled, one.is_negative)


def _as_long(hidden: Tensor, length: int, nothing: Tensor) -> Tensor:
    """With chunks of no words behind it."""
    missing = (length - hidden.shape[1]) // nothing.shape[1]
    return torch.cat([hidden, *[nothing] * missing], dim=1) if missing else hidden
