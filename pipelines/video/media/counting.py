"""How long a movie is, how many frames it has and whether they last equally long, as far as that costs nothing."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

INDEXED = "mov"  # the one format with a time for every frame in its index
ROUNDING_TICKS = 1
DURATION_TAG = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")  # of a track in Matroska


def counted(movie: InputContainer, stream: VideoStream) -> dict[str, Any]:
    """time_base, rate, seconds, frames, is_count_exact, and is_variable, which is None where it is not known."""
    assert stream.time_base
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    facts = {"time_base": str(stream.time_base), "rate": str(rate)}
    if movie.format.name.startswith(INDEXED) and len(stream.index_entries):
        return facts | _from_index(stream)
    seconds = _seconds(movie, stream)
    frames = stream.frames or max(1, round(seconds * rate))
    return facts | {
        "seconds": float(seconds),
        "frames": frames,
        "is_count_exact": False,
        "is_variable": None,
    }


def _from_index(stream: VideoStream) -> dict[str, Any]:
    assert stream.time_base
    shown = [entry.timestamp for entry in stream.index_entries if not entry.is_discard]
    steps = [later - earlier for earlier, later in pairwise(shown)]
    is_variable = bool(steps) and max(steps) - min(steps) > ROUNDING_TICKS
    return {
        "seconds": float((stream.duration or 0) * stream.time_base),
        "frames": len(shown),
        "is_count_exact": True,
        "is_variable": is_variable,
    }


def _seconds(movie: InputContainer, stream: VideoStream) -> Fraction:
    assert stream.time_base
    if stream.duration:
        return stream.duration * stream.time_base
    tag = DURATION_TAG.match(stream.metadata.get("DURATION", ""))
    if tag:
        return int(tag[1]) * 3600 + int(tag[2]) * 60 + Fraction(tag[3])
    return Fraction(movie.duration or 0, av.time_base)
