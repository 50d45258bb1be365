"""Mode: one way of making videos, as the desk and the process that makes them see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.request import Request
from pipelines.video.media.probe import Clip
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Course, Line


@dataclass(frozen=True)
class Ground:
    """What a video is planned on. `request`: as it was sent, of a mode that draws; `settle` fills it in.

    `settle_frame`: likewise, of frames that are drawn over, which a control without a picture of its own follows.
    `size_of(field, upload)`: (width, height) in px; `movie_of(field, upload)`: what a movie is. Both raise RequestError
    that names the field of what is no upload.
    """

    request: Request | None
    settle: Callable[[Request], Request]
    settle_frame: Callable[[Request], Request]
    size_of: Callable[[str, str], tuple[int, int]]
    movie_of: Callable[[str, str], Clip]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """`settings`: checked, with every field. `request`: settled. `uploads`, `movies`: the ids of what it is made of."""

    settings: Mapping[str, Any]
    size: tuple[int, int]  # (width, height) in px
    frames: int
    fps: float
    drawings: int = 0
    request: Request | None = None
    uploads: tuple[str, ...] = ()
    movies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mode:
    """`draws`: it may draw, and reads a request. `plan` raises RequestError that names the field of the settings."""

    draws: bool
    plan: Callable[[Mapping[str, Any], Ground], Planned]
    course: Callable[[Shoot, Line], Course]
