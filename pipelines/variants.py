"""In what the pictures of one request differ: their seeds, by the rules of AUTOMATIC1111, and all that was settled."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from pipelines.request import Request

# What is the job's or has a place of its own, so that it is no difference between pictures.
APART = frozenset({"seed", "batch_size", "batch_count", "draft_fraction", "grid"})


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
    if number and request.beginnings and noise.later_seed is not None:
        return Variant(request.seed, {"noise.later_seed": noise.later_seed + number})
    if number and noise.variation_strength:
        return Variant(request.seed, {"noise.variation_seed": noise.variation_seed + number})
    return Variant(request.seed + number)


def variant_of(request: Request, own: Request) -> Variant:
    """The picture of a job with this request that is, alone, `own`."""
    return Variant(own.seed, differences(request, own))


def differences(one: Any, other: Any, prefix: str = "") -> dict[str, Any]:
    """The fields of a request in which the other differs, with its values as JSON has them."""
    found: dict[str, Any] = {}
    for name in vars(one):
        before, after = getattr(one, name), getattr(other, name)
        if before == after or (not prefix and name in APART):
            continue
        if type(before) is type(after) and dataclasses.is_dataclass(before):
            found |= differences(before, after, f"{prefix}{name}.")
        else:
            found[prefix + name] = _plain(after)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    is_part = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return dataclasses.asdict(value) if is_part else value
