"""Job: a Request under way, as everyone outside the manager sees it; and its states."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.request import Request

# queued → running → (held | paused → queued → running →) done | failed | cancelled
QUEUED, RUNNING, HELD, PAUSED, DONE, FAILED, CANCELLED = (
    "queued",
    "running",
    "held",
    "paused",  # a picture in this state lies half-done on the disk
    "done",
    "failed",
    "cancelled",
)
DROPPED = "dropped"  # a draft that was not picked; only a picture has this state
OPEN_STATES = (QUEUED, RUNNING)
RESTING_STATES = (HELD, PAUSED)  # until somebody says that it goes on
ENDED_STATES = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a job. `preview_seq` rises with each preview; `picture_id` is set once it is on disk."""

    index: int
    seed: int
    # In what else its request differs from the job's, by field: "prompt", "sampling.steps".
    changes: dict[str, Any] = field(default_factory=dict)
    state: str = QUEUED
    step: int = 0
    steps: int = 0
    preview_seq: int = 0
    picture_id: str | None = None
    edition: int = 0  # how often it was made again since


@dataclass(frozen=True, kw_only=True)
class Job:
    """A snapshot of a job. `version` rises with every change of any job, so that changes can be asked for."""

    id: str
    owner: str
    state: str
    request: Request
    pictures: tuple[Picture, ...]
    created: float  # seconds since the epoch, as all times here
    started: float | None = None
    finished: float | None = None
    position: int | None = None  # 1 = next; None when not queued
    eta_seconds: float | None = None
    steps_per_second: float | None = None
    stage: str = ""  # what the worker does now, in words: "loading starter", "developing", "saving"
    attempt: int = 0
    error: dict[str, Any] | None = None  # StudioError.as_dict()
    # The picture that its own one is compared with and then forgotten, and what came of it: Comparison.as_dict().
    verifies: str | None = None
    verdict: dict[str, Any] | None = None
    version: int = 0

    def number_of(self, index: int) -> int:
        """Under which number of this job a picture stands in the library: those made again have one of their own."""
        return index + self.pictures[index].edition * len(self.pictures)

    def request_of(self, index: int) -> Request:
        """What one picture alone is: the same file comes of it whenever it is submitted."""
        picture = self.pictures[index]
        own = self.request.changed(picture.changes) if picture.changes else self.request
        alone: dict[str, Any] = {"batch_size": 1, "batch_count": 1, "grid": None}
        return replace(own, seed=picture.seed, draft_fraction=None, **alone)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the owner stays out of it."""
        values = {**vars(self), "request": self.request.as_dict()}
        values["pictures"] = [{**vars(picture)} for picture in self.pictures]  # may be a thousand
        del values["owner"]
        return values
