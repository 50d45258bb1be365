"""Spans: what all modes ask that begin with a movie: which one, and which part of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from pipelines.errors import RequestError
from pipelines.fields import typed, within
from pipelines.video.media.joining import Sound
from pipelines.video.media.probe import Clip
from pipelines.video.media.reading import Source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Line, Reel
from pipelines.video.modes.looking import Looked, Span, looked

SECONDS = (0.0, 6 * 3600.0)

AnyPart = TypeVar("AnyPart", bound="Part")


@dataclass(frozen=True, kw_only=True)
class Part:
    """`movie`: id of a movie that was sent; `end_seconds` None: to its end."""

    movie: str = ""
    start_seconds: float = 0.0
    end_seconds: float | None = None

    @property
    def span(self) -> Span:
        end = None if self.end_seconds is None else Fraction(self.end_seconds)
        return Span(Fraction(self.start_seconds), end)

    @property
    def is_whole(self) -> bool:
        return not self.start_seconds and self.end_seconds is None


def read(cls: type[AnyPart], values: Any) -> AnyPart:
    """From the settings of a video, with its own bounds unchecked. Raises RequestError."""
    part = cls(**typed(cls, dict(values), "settings."))
    if not part.movie:
        raise RequestError("settings.movie", part.movie, "is no movie", "Choose a movie.")
    within("settings.start_seconds", part.start_seconds, SECONDS, "s")
    if part.end_seconds is not None:
        within("settings.end_seconds", part.end_seconds, SECONDS, "s")
        if part.end_seconds <= part.start_seconds:
            why = f"is not later than the start, {part.start_seconds:g} s"
            raise RequestError("settings.end_seconds", part.end_seconds, why, "Set it later.")
    return part


def frames_about(part: Part, clip: Clip) -> int:
    """How many frames lie in the part. Raises RequestError where it begins after the movie's end."""
    if part.start_seconds >= clip.duration_seconds:
        why = f"is after the end of the movie, which lasts {clip.duration_seconds:.1f} s"
        raise RequestError("settings.start_seconds", part.start_seconds, why, "Set it earlier.")
    end = min(clip.duration_seconds, part.end_seconds or clip.duration_seconds)
    share = (end - part.start_seconds) / clip.duration_seconds
    return max(1, round(clip.frame_count * share))


@dataclass(frozen=True, eq=False)
class Footage:
    """A movie that is open, the part that counts, and what was seen of it."""

    source: Source
    span: Span
    looked: Looked

    @classmethod
    def of(cls, shoot: Shoot, part: Part, source: Source, line: Line) -> Footage:
        """Goes through the movie once, if that was not done. Raises StudioError."""
        return cls(source, part.span, looked(source, part.span, Path(shoot.folder), line.say))


def path_of(shoot: Shoot, part: Part) -> Path:
    return Path(shoot.inputs[part.movie])


def reel_of(part: Part, path: Path, clip: Clip) -> Reel:
    """With the times, the shape of the pixels and the sound of the movie."""
    sound = Sound(path, is_cut=not part.is_whole) if clip.audio else None
    return Reel(clip.time_base, clip.average_rate, clip.sample_aspect, sound)
