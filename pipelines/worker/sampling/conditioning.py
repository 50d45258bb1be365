"""What the denoiser is told, as a function of the step, and how its answers become one.

A prompt may change on the way (`[red:blue:10]`) and may be a sum of parts (`a AND b : 0.5`). Both come down to the
same two values: for each step, weighted embeddings and the embedding of the negative prompt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

Embedding = Any  # an encoded text; only who made it and the network look inside


@dataclass(frozen=True)
class Timeline:
    """The embeddings of one prompt over the steps: (until, embedding) pairs; `until` rises.

    An embedding is used while step < until, counted from 0; the last one also for all steps after that.
    """

    spans: tuple[tuple[int, Embedding], ...]

    @classmethod
    def constant(cls, embedding: Embedding) -> Timeline:
        """The same embedding at every step."""
        return cls(((0, embedding),))

    def at(self, step: int) -> Embedding:
        current = (embedding for until, embedding in self.spans if step < until)
        return next(current, self.spans[-1][1])


class Moment(NamedTuple):
    """What holds at one step."""

    parts: tuple[tuple[float, Embedding], ...]  # (weight, embedding)
    negative: Embedding


@dataclass(frozen=True)
class Conditioning:
    """The weighted parts of a prompt, and the negative prompt."""

    parts: tuple[tuple[float, Timeline], ...]
    negative: Timeline

    @classmethod
    def constant(cls, positive: Embedding, negative: Embedding) -> Conditioning:
        """One prompt and one negative prompt that never change."""
        return cls(((1.0, Timeline.constant(positive)),), Timeline.constant(negative))

    def at(self, step: int) -> Moment:
        """The embeddings for one step, counted from 0."""
        parts = tuple((weight, timeline.at(step)) for weight, timeline in self.parts)
        return Moment(parts, self.negative.at(step))


def needs_uncond(weights: Sequence[float], guidance_scale: float) -> bool:
    """Whether the negative prompt counts at all: its own weight in `guide` is 1 − cfg·Σw. At CFG 1 it is 0."""
    return not math.isclose(guidance_scale * math.fsum(weights), 1.0)


def guide(
    x0s: Sequence[Tensor], weights: Sequence[float], guidance_scale: float, x0_uncond: Tensor | None
) -> Tensor:
    """uncond + cfg·Σ wᵢ·(condᵢ − uncond): Ho and Salimans 2022, arXiv:2207.12598; for sums Liu et al. 2022,
    arXiv:2206.01714. Without uncond, which only `needs_uncond` may decide, cfg·Σ wᵢ·condᵢ."""
    weighted = [(guidance_scale * weight, x0) for weight, x0 in zip(weights, x0s, strict=True)]
    if x0_uncond is None:
        return _sum([weight * x0 for weight, x0 in weighted])
    return _sum([x0_uncond, *(weight * (x0 - x0_uncond) for weight, x0 in weighted)])


def _sum(terms: Sequence[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
