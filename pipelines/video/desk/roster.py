"""The roster of videos: what the desk knows of each beside what is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipelines.video.desk.crew import Crew
from pipelines.video.messages import Wanted
from pipelines.video.video import Video
from pipelines.works import roster


@dataclass(eq=False)
class Entry(roster.Entry[Video]):
    """A video at the desk."""

    crew: Crew | None = None
    wanted: Wanted | None = None  # the frame that its process waits for
    ticket: str = ""  # under which the worker draws it; "": it was not sent
    tickets: int = 0
    preview: bytes = b""  # of the frame that is being drawn, a JPEG
    began_at: float = 0.0  # on the clock of the desk
    made: int = 0  # frames since then, also those that had been made before and were not kept

    @property
    def video(self) -> Video:
        return self.work

    @property
    def is_waiting(self) -> bool:
        return super().is_waiting and self.crew is None


Roster: TypeAlias = roster.Roster[Video, Entry]
News: TypeAlias = roster.News[Video]
