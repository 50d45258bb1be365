"""Video: a clip under way, as everyone outside sees it. Frozen snapshots."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Film:
    """What came of it: a file in the video's folder that any browser plays."""

    file: str
    media_type: str
    width: int
    height: int
    frames: int
    seconds: float
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Video:
    """A snapshot. All times are seconds since the epoch. A frame is a function of `asked`, `request` and its number."""

    id: str
    owner: str
    state: str
    mode: str  # a row of MODES in modes/modes.py
    title: str
    asked: dict[str, Any]  # the mode's settings, checked, as JSON
    # The settled Request that frames are drawn by; None: nothing is drawn.
    request: dict[str, Any] | None
    width: int
    height: int
    frames: int
    drawings: int  # how many frames the model draws; the others are made of these
    fps: float
    bytes_in_all: int  # that its folder takes in the end, about
    output: dict[str, Any]  # how it is encoded, see media/encoders.py
    created: float
    client_request_id: str = ""
    started: float | None = None
    finished: float | None = None
    position: int | None = None  # 1 = next; None when not queued
    frame: int = 0  # so many are done
    drawn: int = 0
    stage: str = ""  # what is done now, in words
    frame_seconds: float | None = None
    eta_seconds: float | None = None
    # How steady it is, 0 … 100, 100 as steady as the movie that it is made of; None: of no movie.
    score: float | None = None
    attempt: int = 0
    film: Film | None = None
    is_partial: bool = False  # it was finished before its last frame
    error: dict[str, Any] | None = None  # StudioError.as_dict()
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the owner stays out of it."""
        values = dataclasses.asdict(self)
        del values["owner"]
        return values
