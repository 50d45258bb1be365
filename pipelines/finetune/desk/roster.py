"""The roster of trainings: what the desk knows of each beside what is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipelines.finetune.training import Training
from pipelines.works import roster


@dataclass(eq=False)
class Entry(roster.Entry[Training]):
    """A training at the desk. `asked`: see runner.py."""

    is_publishing: bool = False
    has_stepped: bool = False  # since it was sent to the worker
    needs_quiet: bool = False  # it goes on only when no picture is at the worker
    stepped_at: float | None = None  # when it was last heard of a step
    # That a kept step takes, its samples and its file: the shortest so far.
    mark_seconds: float | None = None

    @property
    def training(self) -> Training:
        return self.work

    @property
    def is_waiting(self) -> bool:
        return super().is_waiting and not self.is_publishing


Roster: TypeAlias = roster.Roster[Training, Entry]
News: TypeAlias = roster.News[Training]
