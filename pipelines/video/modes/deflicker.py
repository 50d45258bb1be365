"""Deflicker: the light and texture of a movie are held still where they change by chance. Nothing is drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.video.media.reading import open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Line, Shot
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.spans import Footage, Part, frames_about, path_of, read, reel_of
from pipelines.video.steady.blending import Blended
from pipelines.video.steady.deflickering import Deflicker, deflickered
from pipelines.video.steady.states import as_arrays, from_arrays


@dataclass(frozen=True, kw_only=True)
class Settings(Part):
    """`light`, `texture`: how much is kept of what was, 0 to 0.98."""

    light: float = 0.95
    texture: float = 0.5


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Raises RequestError."""
    asked = read(Settings, settings)
    Deflicker(asked.light, asked.texture)
    clip = ground.movie_of("settings.movie", asked.movie)
    return Planned(
        settings=dataclasses.asdict(asked),
        size=(clip.width_px, clip.height_px),
        frames=frames_about(asked, clip),
        fps=float(clip.average_rate),
        movies=(asked.movie,),
    )


class Deflickering:
    """Each frame depends on the one before, except at cuts."""

    def __init__(self, shoot: Shoot, line: Line) -> None:
        self._shoot, self._line = shoot, line
        self._asked = read(Settings, shoot.asked)
        self._path = path_of(shoot, self._asked)
        with open_source(self._path) as source:
            self.reel = reel_of(self._asked, self._path, source.clip)

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        how = Deflicker(self._asked.light, self._asked.texture)
        with open_source(self._path) as source:
            footage = Footage.of(self._shoot, self._asked, source, self._line)
            self._line.count(footage.looked.frames, 0)
            cuts, state = (
                set(footage.looked.cuts),
                from_arrays(Blended, carried) if carried else None,
            )
            self._line.say("holding the light still")
            for number, frame in frames_from(footage, first):
                is_cut, seen = number in cuts, frame.pixels
                state = deflickered(None if is_cut else state, seen, how)
                made = (state.frame, frame.pts, frame.duration, as_arrays(state))
                yield Shot(*made, source=seen, is_cut=is_cut)


MODE = Mode(draws=False, plan=plan, course=Deflickering)
