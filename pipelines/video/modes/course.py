"""Course: the frames of a video in their order, each a function of what was asked and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from pipelines.video.media.joining import Sound

Levels = np.ndarray[Any, np.dtype[np.uint8]]  # (height, width, 3), RGB
Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame. `pts`: when it is shown, and `duration`: how long, in the course's time base.

    `carried`: what the next one depends on beside drawn frames, so that the course can go on there. `source`: the frame
    of a movie that it was made of, of the same size; `is_cut`: a new shot begins with it.
    """

    pixels: Levels
    pts: int
    duration: int = 1
    carried: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    source: Levels | None = None
    is_cut: bool = False


# Makes the picture that a frame starts from.
Start = Callable[[], Levels]


class Draw(Protocol):
    """What was drawn before is not drawn again, and what it started from is not made again."""

    def __call__(
        self,
        frame: int,
        changes: Mapping[str, Any],
        start: Start | None,
        mask: Levels | None = None,
    ) -> Levels:
        """(height, width, 3) uint8. `changes` of the request; `start`: what it starts from, None: noise; `mask`:
        (height, width) uint8, white where it may change, None: everywhere."""


@dataclass(frozen=True)
class Line:
    """What a course can ask of the process that it runs in. `draw`: see Draw.

    `say`: what is done now, in words. `count(frames, drawings)`: how many there are, once that is known better.
    """

    draw: Draw
    say: Callable[[str], None]
    count: Callable[[int, int], None]


@dataclass(frozen=True)
class Reel:
    """What all frames have in common. `time_base`: seconds of one unit of time; `rate`: frames a second, about.

    `sample_aspect`: width of a pixel by its height. `sound`: the movie whose sound goes with them.
    """

    time_base: Fraction
    rate: Fraction
    sample_aspect: Fraction = Fraction(1)
    sound: Sound | None = None

    @classmethod
    def even(cls, fps: float) -> Reel:
        """Frames that are evenly apart: frame n is shown at n."""
        rate = Fraction(fps).limit_denominator(1001)
        return cls(1 / rate, rate)


class Course(Protocol):
    """Made anew in each process; so what it makes depends on nothing that is not on the disk."""

    @property
    def reel(self) -> Reel: ...

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        """From this frame to the last one. `carried`: what the frame before it carried."""
