"""The curve of a training: means of its loss between steps, kept to a bounded number of points. Pure."""

from __future__ import annotations

import math

Losses = tuple[tuple[int, float], ...]  # (step, mean loss of the steps since the one before)

KEPT_MAX = 600
SHOWN_MAX = 300


def added(losses: Losses, step: int, loss: float) -> Losses:
    """With one more point; what a resumed training goes through again is the same again and is left out."""
    if not math.isfinite(loss) or (losses and step <= losses[-1][0]):
        return losses
    more = (*losses, (step, loss))
    return more if len(more) <= KEPT_MAX else halved(more)


def thinned(losses: Losses, most: int = SHOWN_MAX) -> Losses:
    """At most so many points, each the mean of those that it stands for; the last step stays the last."""
    while len(losses) > most:
        losses = halved(losses)
    return losses


def halved(losses: Losses) -> Losses:
    """Two neighbours become one, by the number of steps that each is the mean of."""
    befores = (0, *(step for step, _ in losses[:-1]))
    spans = [step - before for (step, _), before in zip(losses, befores, strict=True)]
    first = len(losses) % 2
    pairs = [
        (losses[at + 1][0], _mean(losses[at][1], spans[at], losses[at + 1][1], spans[at + 1]))
        for at in range(first, len(losses), 2)
    ]
    return (*losses[:first], *pairs)


def _mean(one: float, one_steps: int, other: float, other_steps: int) -> float:
    steps = max(1, one_steps + other_steps)
    return (one * one_steps + other * other_steps) / steps
