"""What lies at the worker right now: parts of jobs, each a few pictures; and whose GPU time passes meanwhile.

A large job goes to the worker in parts, so that somebody else's turn is never further away than one part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.manager.docket import Docket, Entry
from pipelines.manager.extras import Extras
from pipelines.manager.pace import Pace, units
from pipelines.worker.messages import CheckpointRef

SMOOTHING = 0.3  # share of the newest step in the shown steps per second


@dataclass(eq=False)
class Part:
    """Some pictures of one job. `id` is what the messages call job id; it is new for every dispatch,

    so a late word about an earlier attempt finds no part and is dropped.
    """

    id: str
    entry: Entry
    checkpoint: CheckpointRef
    left: set[int]  # pictures without a final word
    extras: Extras = field(default_factory=Extras)
    is_touched: bool = False  # the worker has said anything about it
    is_pausing: bool = False  # the worker was told to give it back
    steps: dict[int, int] = field(default_factory=dict)  # done, by picture; from its first word on
    stepped_at: dict[int, float] = field(default_factory=dict)

    @property
    def is_begun(self) -> bool:
        return bool(self.steps)

    def work_left(self) -> float:
        """Units of work (see pace) that its pictures still ask for."""
        return sum(self._work_left(index) for index in self.left)

    def _work_left(self, index: int) -> float:
        """Of one of its pictures, which may have come with some steps taken."""
        request = self.entry.request_of(index)
        taken = self.steps.get(index, self.entry.job.pictures[index].step)
        return units(request, max(0, request.steps_in_all - taken), after=taken)


class Bench:
    """The parts at the worker, oldest first. Used on the desk thread only."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket
        self._parts: dict[str, Part] = {}
        self._count = 0
        self._charged_at: float | None = None
        self.pace = Pace()

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts.values())

    def get(self, part_id: str) -> Part | None:
        return self._parts.get(part_id)

    def of(self, entry: Entry) -> list[Part]:
        return [part for part in self if part.entry is entry]

    def seconds_until(self, entry: Entry, index: int, rate: float) -> float:
        """Until the job's pictures at the worker are done, when this one has taken so many steps per second."""
        parts = self.of(entry)
        step = next((part.steps[index] for part in parts if index in part.steps), 1)
        speed = rate * units(entry.request_of(index), 1, after=max(0, step - 1))
        at_once = min(entry.job.request.batch_size, sum(len(part.left) for part in parts))
        return sum(part.work_left() for part in parts) / max(1, at_once) / max(speed, 1e-9)

    @property
    def pictures(self) -> int:
        """Pictures that the worker has, begun or not."""
        return sum(len(part.left) for part in self)

    @property
    def slots(self) -> int:
        """Pictures that may develop at the same time: the batches of one job come one after another."""
        return sum(min(len(part.left), part.entry.job.request.batch_size) for part in self)

    @property
    def is_alone(self) -> bool:
        """Whether a suspect is at the worker: a job under which a process died; nothing joins it."""
        return any(part.entry.job.attempt for part in self)

    def lay(
        self, entry: Entry, checkpoint: CheckpointRef, indexes: list[int], extras: Extras
    ) -> Part:
        self._count += 1
        part = Part(f"{entry.job.id}.{self._count}", entry, checkpoint, set(indexes), extras)
        self._parts[part.id] = part
        entry.under_way |= part.left
        return part

    def take(self, part: Part) -> None:
        del self._parts[part.id]
        part.entry.under_way -= part.left

    def clear(self) -> list[Part]:
        """All parts are gone with their process."""
        parts = list(self)
        for part in parts:
            self.take(part)
        self._charged_at = None
        return parts

    # ---- time ----------------------------------------------------------------------------------------

    def step(self, part: Part, index: int, steps_done: int, now_seconds: float) -> float | None:
        """Notes a picture's progress; returns its steps per second once that can be told."""
        before, at = part.steps.get(index), part.stepped_at.get(index)
        part.steps[index] = steps_done
        part.stepped_at[index] = now_seconds
        if before is None or at is None or steps_done <= before:
            return None
        done = units(part.entry.request_of(index), steps_done - before, after=before)
        self.pace.note(part.checkpoint.name, units_done=done)
        rate = (steps_done - before) / max(now_seconds - at, 1e-6)
        shown = part.entry.job.steps_per_second
        return rate if shown is None else shown + SMOOTHING * (rate - shown)

    def charge(self, now_seconds: float) -> None:
        """Shares the time since the last call among the owners of the pictures that develop."""
        begun = [(part, len(part.left)) for part in self if part.is_begun and part.left]
        since, self._charged_at = self._charged_at, now_seconds if begun else None
        pictures = sum(count for _, count in begun)
        for part, count in begun if since is not None else ():
            share_seconds = (now_seconds - (since or 0.0)) * count / pictures
            job = part.entry.job
            self.used(job.owner, share_seconds)
            self.pace.note(part.checkpoint.name, seconds=share_seconds)

    def used(self, owner: str, seconds: float) -> None:
        """Somebody has had the device for so long by another way than a job."""
        used = self._docket.used_seconds
        used[owner] = used.get(owner, 0.0) + seconds

    def promised_seconds(self) -> dict[str, float]:
        """By owner, the GPU seconds used plus those that the parts at the worker will still take."""
        promised = dict(self._docket.used_seconds)
        for part in self:
            owner = part.entry.job.owner
            seconds = self.pace.seconds(part.checkpoint.name, part.work_left())
            promised[owner] = promised.get(owner, 0.0) + seconds
        return promised

    def seconds_left(self) -> float:
        """Until the worker is through with what it has."""
        return sum(self.pace.seconds(part.checkpoint.name, part.work_left()) for part in self)
