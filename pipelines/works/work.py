"""Work: what every kind of long work says of itself, and the states that it goes through."""

from __future__ import annotations

from typing import Any, Protocol

# queued → running → (paused → queued → running →) done | failed
QUEUED, RUNNING, PAUSED, DONE, FAILED = "queued", "running", "paused", "done", "failed"
OPEN_STATES = (QUEUED, RUNNING)
ENDED_STATES = (DONE, FAILED)


class Work(Protocol):
    """A frozen dataclass: a snapshot. All times are seconds since the epoch."""

    @property
    def id(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def created(self) -> float: ...
    @property
    def client_request_id(self) -> str: ...
    @property
    def position(self) -> int | None:
        """1 = next; None when not queued."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the owner stays out of it."""
