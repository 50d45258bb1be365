"""In what the pictures of one request differ: their seeds, by the rules of AUTOMATIC1111."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.request import Request


@dataclass(frozen=True)
class Variant:
    """One picture: its seed, and its other fields that are not as in the request (see Request.changed)."""

    seed: int
    changes: dict[str, Any] = field(default_factory=dict)


def variants(request: Request) -> tuple[Variant, ...]:
    """Those of a batch: each has a seed of its own, or, where noise is varied, each varies the same one.

    Pictures of a branch begin as one, and part where the branch does.
    """
    return tuple(_nth(request, number) for number in range(request.pictures))


def _nth(request: Request, number: int) -> Variant:
    noise = request.noise
    if number and noise.variation_strength:
        return Variant(request.seed, {"noise.variation_seed": noise.variation_seed + number})
    if number and request.beginnings and noise.later_seed is not None:
        return Variant(request.seed, {"noise.later_seed": noise.later_seed + number})
    return Variant(request.seed + number)
