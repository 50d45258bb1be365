"""Whose turn it is: owners share the GPU by the seconds they have used, and each owner's jobs keep their order.

Pure functions. An owner who was away starts level with the one who used least among those who wait (as a new
process in a fair scheduler): neither a debt of last week nor a credit saved up over night counts.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LOOK_AHEAD = 4  # so many of an owner's next jobs are searched for one whose checkpoint is loaded


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a job still asks of the GPU: the pictures and the costs of its parts, in their order."""

    job_id: str
    owner: str
    ordinal: int
    checkpoint: str
    part_sizes: tuple[int, ...]
    costs_seconds: tuple[float, ...]
    is_retry: bool = False
    overtaken: int = 0  # how often a later job of the same owner went before it


@dataclass(frozen=True)
class Forecast:
    """Seconds from now until a job has its first turn and until its last part is made."""

    job_id: str
    first_turn_seconds: float
    end_seconds: float


@dataclass
class _Line:
    """One owner's waiting parts: (job, cost of the part), in order."""

    parts: deque[tuple[Turn, float]] = field(default_factory=deque)


def first(
    turns: Iterable[Turn], used_seconds: Mapping[str, float], loaded: Iterable[str] = ()
) -> Turn | None:
    """The job whose part goes next: a retry, else of the owner who used least the first one in order.

    Among that owner's next few jobs, one whose checkpoint is loaded already may go before the others.
    """
    waiting = sorted(turns, key=lambda turn: turn.ordinal)
    if not waiting:
        return None
    for turn in waiting:
        if turn.is_retry:
            return turn
    owner = min(waiting, key=lambda turn: (used_seconds.get(turn.owner, 0.0), turn.ordinal)).owner
    own = [turn for turn in waiting if turn.owner == owner][:LOOK_AHEAD]
    names = set(loaded) if own[0].overtaken < LOOK_AHEAD else set()
    return next((turn for turn in own if turn.checkpoint in names), own[0])


def forecast(turns: Iterable[Turn], used_seconds: Mapping[str, float]) -> list[Forecast]:
    """All jobs in the order of their first turn, if nobody submits anything more."""
    lines: dict[str, _Line] = defaultdict(_Line)
    now = 0.0
    begun: dict[str, float] = {}
    ended: dict[str, float] = {}
    for turn in sorted(turns, key=lambda turn: turn.ordinal):
        if turn.is_retry:
            begun[turn.job_id] = now
            now += sum(turn.costs_seconds)
            ended[turn.job_id] = now
        else:
            lines[turn.owner].parts.extend((turn, cost) for cost in turn.costs_seconds)
    heap = [
        (used_seconds.get(owner, 0.0), line.parts[0][0].ordinal, owner)
        for owner, line in lines.items()
        if line.parts
    ]
    heapq.heapify(heap)
    while heap:
        used, _, owner = heapq.heappop(heap)
        turn, cost = lines[owner].parts.popleft()
        begun.setdefault(turn.job_id, now)
        now += cost
        ended[turn.job_id] = now
        if lines[owner].parts:
            heapq.heappush(heap, (used + cost, lines[owner].parts[0][0].ordinal, owner))
    return [Forecast(job_id, at, ended[job_id]) for job_id, at in begun.items()]


def level(owner: str, used_seconds: dict[str, float], active_owners: Iterable[str]) -> None:
    """Sets an owner who had nothing waiting level with the least used of those who have."""
    others = [used_seconds.get(name, 0.0) for name in active_owners if name != owner]
    if others:
        used_seconds[owner] = max(used_seconds.get(owner, 0.0), min(others))
