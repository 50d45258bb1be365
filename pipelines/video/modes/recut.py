"""Recut: a part of a movie, at another speed or rate, or larger; frames in between are made along the motion.

Nothing is drawn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipelines.fields import within
from pipelines.video.media.reading import open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Reel, Shot
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.scaling import SCALE, Size, enlarged, size_at
from pipelines.video.modes.spans import Footage, Part, frames_about, path_of, read, reel_of
from pipelines.video.steady.interpolating import Pair, between, paired
from pipelines.video.steady.retiming import Moment, Pace, retimed

NEAREST = 0.5


@dataclass(frozen=True, kw_only=True)
class Settings(Part):
    """`fps` None: as the movie has it. `interpolates`: frames in between are made; else the nearest one is shown.

    `scale`: so many times as wide and as high.
    """

    fps: float | None = None
    speed: float = 1.0
    interpolates: bool = True
    scale: float = 1.0

    @property
    def keeps_times(self) -> bool:
        """Whether every frame stays what it is and when it is: only a part is cut out."""
        return self.fps is None and self.speed == 1


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Raises RequestError."""
    asked = read(Settings, settings)
    within("settings.scale", asked.scale, SCALE)
    clip = ground.movie_of("settings.movie", asked.movie)
    fps = asked.fps or float(clip.average_rate)
    pace, frames = Pace(fps, asked.speed), frames_about(asked, clip)
    seconds = frames / float(clip.average_rate) / pace.speed
    return Planned(
        settings=dataclasses.asdict(asked),
        size=size_at((clip.width_px, clip.height_px), asked.scale),
        frames=frames if asked.keeps_times else max(1, round(seconds * fps)),
        fps=fps,
        movies=(asked.movie,),
    )


class Recutting:
    """Any frame can be made without those before it."""

    def __init__(self, shoot: Shoot, line: Line) -> None:
        self._shoot, self._line = shoot, line
        self._asked = read(Settings, shoot.asked)
        self._path = path_of(shoot, self._asked)
        with open_source(self._path) as source:
            own = reel_of(self._asked, self._path, source.clip)
        self._size: Size = shoot.size
        self._fps = self._asked.fps or float(own.rate)
        self.reel = own
        if not self._asked.keeps_times:
            even = Reel.even(self._fps)
            self.reel = replace(own, time_base=even.time_base, rate=even.rate, sound=None)

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        with open_source(self._path) as source:
            footage = Footage.of(self._shoot, self._asked, source, self._line)
            self._line.say("cutting")
            if self._asked.keeps_times:
                self._line.count(footage.looked.frames, 0)
                for _, frame in frames_from(footage, first):
                    yield Shot(enlarged(frame.pixels, self._size), frame.pts, frame.duration)
            else:
                yield from self._retimed(footage, first)

    def _retimed(self, footage: Footage, first: int) -> Iterator[Shot]:
        looked, pace = footage.looked, Pace(self._fps, self._asked.speed)
        seconds = [float(pts * footage.source.time_base) for pts in looked.pts]
        moments = list(retimed(seconds, pace, looked.cuts))
        self._line.count(len(moments), 0)
        if first >= len(moments):
            return
        views = _Views(frames_from(footage, moments[first].frame))
        for number in range(first, len(moments)):
            pixels = views.at(self._settled(moments[number]))
            yield Shot(enlarged(pixels, self._size), number)

    def _settled(self, moment: Moment) -> Moment:
        if self._asked.interpolates or not moment.time:
            return moment
        return Moment(moment.frame + (moment.time >= NEAREST), 0.0)


class _Views:
    """Frames at moments that never go back; two neighbours are held."""

    def __init__(self, frames: Iterator[tuple[int, Any]]) -> None:
        self._frames = frames
        self._held: dict[int, Levels] = {}
        self._pair: tuple[int, Pair] | None = None

    def at(self, moment: Moment) -> Levels:
        here = self._frame(moment.frame)
        if not moment.time:
            return here
        if self._pair is None or self._pair[0] != moment.frame:
            self._pair = moment.frame, paired(here, self._frame(moment.frame + 1))
        return between(self._pair[1], moment.time)

    def _frame(self, number: int) -> Levels:
        while number not in self._held and (found := next(self._frames, None)):
            self._held = {**dict(list(self._held.items())[-1:]), found[0]: found[1].pixels}
        return self._held[number]


MODE = Mode(draws=False, plan=plan, course=Recutting)
