"""What the denoiser is told, as a function of the step, and how its answers become one.

A prompt may change on the way (`[red:blue:10]`) and may be a sum of parts (`a AND b : 0.5`); a branch changes prompt
and guidance at a step. All come down to the same: for each step weighted embeddings, that of the negative prompt, CFG.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

Embedding = Any  # an encoded text; only who made it and the network look inside


class Moment(NamedTuple):
    """What holds at one step."""

    parts: tuple[tuple[float, Embedding], ...]  # (weight, embedding)
    negative: Embedding
    guidance_scale: float


@dataclass(frozen=True)
class Conditioning:
    """What holds over the steps: (until, moment) pairs; `until` rises.

    A moment lasts while step < until, counted from 0; the last one also for all steps after that.
    """

    spans: tuple[tuple[int, Moment], ...]

    @classmethod
    def constant(
        cls, positive: Embedding, negative: Embedding, guidance_scale: float
    ) -> Conditioning:
        """One prompt and one negative prompt that never change."""
        return cls(((0, Moment(((1.0, positive),), negative, guidance_scale)),))

    def at(self, step: int) -> Moment:
        """The moment of one step, counted from 0."""
        current = (moment for until, moment in self.spans if step < until)
        return next(current, self.spans[-1][1])


@dataclass(frozen=True)
class Guidance:
    """How the answers become one, beside the CFG scale of the moment."""

    share: float = 1.0  # of the CFG scale that counts
    keeps_uncond: bool = False  # the sampler looks at x0_uncond, whatever the CFG scale
    # How much of what guidance adds to the contrast is taken out again: Lin et al. 2023, arXiv:2305.08891.
    rescale: float = 0.0


PLAIN = Guidance()


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


def rescaled(x0: Tensor, x0_plain: Tensor, base: Tensor, share: float) -> Tensor:
    """x0 with so much of the contrast of x0_plain, which is without guidance: Lin et al. 2023, equations 15 and 16.

    They speak of v = √ᾱ·ε − √(1−ᾱ)·x0, which is base − x0 times a number; base = x/(σ² + 1).
    """
    v, v_plain = base - x0, base - x0_plain
    return base - (share * v_plain.std() / v.std() + (1 - share)) * v


def _sum(terms: Sequence[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
