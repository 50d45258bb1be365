"""What the web process and the process that makes a video say to one another: frozen dataclasses of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Shoot:
    """The argument of the process: what to make, and where it lies.

    `inputs`: pictures and movies that it is made of, by name, as paths. `until`: so many of its frames are made; None:
    all.
    """

    mode: str
    asked: Mapping[str, Any]
    output: Mapping[str, Any]
    frames: int
    until: int | None
    size: tuple[int, int]  # (width, height) in px
    seed: int
    folder: str
    drawn_size: tuple[int, int] = (0, 0)  # of what the model draws, if it does
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    """A frame that was wanted: RGB bytes, row by row."""

    frame: int
    width: int
    height: int
    data: bytes


# ---- from the process ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """This frame is to be drawn. `changes` of the request: see Request.changed. `start`: the path of a picture that it
    starts from; "": from noise. `mask`: of one that is white where it may change; "": everywhere. The process waits
    for Drawn."""

    frame: int
    changes: Mapping[str, Any]
    start: str = ""
    mask: str = ""


@dataclass(frozen=True)
class Said:
    """What is done now, in words."""

    text: str


@dataclass(frozen=True)
class Counted:
    """So many frames there will be, and so many of them are drawn."""

    frames: int
    drawings: int


@dataclass(frozen=True)
class Framed:
    """So many frames are done, and so many were drawn for them. `score`: see Video."""

    frames: int
    drawn: int
    score: float | None = None


@dataclass(frozen=True)
class FilmDone:
    """The fields of a Film."""

    film: Mapping[str, Any]


@dataclass(frozen=True)
class ShootFailed:
    error: Mapping[str, Any]  # StudioError.as_dict()
