"""What is wrong in a schedule, and at which character."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import RequestError


class ScheduleError(RequestError):
    """A schedule cannot be used. `position` counts characters of its text from 0, so that a page can mark it."""

    code = "bad_schedule"

    def __init__(self, place: Place, position: int, why: str, remedy: str) -> None:
        super().__init__(place.field, place.text, why, remedy)
        self.position = position
        self.details["position"] = position


@dataclass(frozen=True)
class Place:
    """A piece of a schedule's text: `field` is whose schedule it is, `start` where the piece begins in `text`."""

    field: str
    text: str
    start: int = 0

    def at(self, start: int) -> Place:
        """The piece of the same text that begins there."""
        return Place(self.field, self.text, start)

    def error(self, why: str, remedy: str, offset: int = 0) -> ScheduleError:
        """To be raised; `offset` counts from the start of the piece."""
        return ScheduleError(self, self.start + offset, why, remedy)
