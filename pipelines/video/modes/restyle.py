"""Restyle a movie: the model draws some of its frames anew, or all; the others follow from these along the motion.

By `keyframes` few frames are drawn, and what is between takes the look of both, moved as the movie moves. By `blend`
every frame is drawn, and each is led towards the one before. Nothing reaches across a cut.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from pipelines.editing.geometry import size_like
from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.request import SIZE_PX, Request
from pipelines.video.media.probe import Clip
from pipelines.video.media.reading import open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Shot
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.spans import Footage, Part, frames_about, path_of, read, reel_of
from pipelines.video.schedules.seeds import by_chance
from pipelines.video.steady.blending import Blend, Blended, blended
from pipelines.video.steady.keyframes import SPACING_BOUNDS, Stretch, keyframes, stretches
from pipelines.video.steady.propagating import propagated
from pipelines.video.steady.states import as_arrays, from_arrays

STRENGTH = (0.0, 1.0)
KEYFRAMES, BLEND = "keyframes", "blend"
# How frames come to be → what is said of it.
WAYS = {
    KEYFRAMES: "some frames are drawn, the others follow from them: steady and quick",
    BLEND: "every frame is drawn, and blended with the one before: more of the model, more time",
}
SEEDS = {"fixed": "the same for every frame", "random": "another one for each"}


@dataclass(frozen=True, kw_only=True)
class Settings(Part):
    """`strength`: how far the model may change a frame. `spacing`: frames from one keyframe to the next, at most.

    `steadiness`: of `blend`, how much is kept of what was, 0 to 0.98.
    """

    way: str = KEYFRAMES
    strength: float = 0.5
    spacing: int = 12
    steadiness: float = 0.8
    seeds: str = "fixed"


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Raises RequestError."""
    asked = _checked(read(Settings, settings))
    clip = ground.movie_of("settings.movie", asked.movie)
    assert ground.request is not None
    request = ground.settle(sized(ground, clip))
    frames = frames_about(asked, clip)
    return Planned(
        settings=dataclasses.asdict(asked),
        request=request,
        size=request.size,
        frames=frames,
        drawings=frames if asked.way == BLEND else -(-frames // asked.spacing) + 1,
        fps=float(clip.average_rate),
        movies=(asked.movie,),
    )


def _checked(asked: Settings) -> Settings:
    for name, known in (("way", WAYS), ("seeds", SEEDS)):
        value = getattr(asked, name)
        if value not in known:
            remedy = f"Choose from: {', '.join(known)}."
            raise RequestError(f"settings.{name}", value, "is not known", remedy)
    within("settings.strength", asked.strength, STRENGTH)
    within("settings.spacing", asked.spacing, SPACING_BOUNDS, "frames")
    Blend(asked.steadiness)
    return asked


def sized(ground: Ground, clip: Clip) -> Request:
    """With sides in the proportions of the movie, as it is shown, where they are open."""
    assert ground.request is not None
    request = ground.request
    if request.width and request.height:
        return request
    usual = ground.settle(request)
    shown = round(clip.width_px * clip.sample_aspect), clip.height_px
    width, height = size_like(shown, usual.size[0] * usual.size[1], SIZE_PX)
    return replace(request, width=request.width or width, height=request.height or height)


class Restyling:
    """What is drawn is kept, so all else can be made again from it and from the movie."""

    def __init__(self, shoot: Shoot, line: Line) -> None:
        self._shoot, self._line = shoot, line
        self._asked = read(Settings, shoot.asked)
        self._path = path_of(shoot, self._asked)
        with open_source(self._path) as source:
            reel = reel_of(self._asked, self._path, source.clip)
        self.reel = replace(reel, sample_aspect=type(reel.sample_aspect)(1))

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        with open_source(self._path) as source:
            footage = Footage.of(self._shoot, self._asked, source, self._line)
            if self._asked.way == BLEND:
                yield from self._blended(footage, first, carried)
            else:
                yield from self._propagated(footage, first)

    def _blended(
        self, footage: Footage, first: int, carried: Mapping[str, np.ndarray[Any, Any]]
    ) -> Iterator[Shot]:
        looked, how, state = (
            footage.looked,
            Blend(self._asked.steadiness),
            from_arrays(Blended, carried) if carried else None,
        )
        self._line.count(looked.frames, looked.frames)
        for number, frame in frames_from(footage, first):
            source = self._fitted(frame.pixels)
            styled = self._styled(number, source)
            is_cut = number in looked.cuts
            state = blended(None if is_cut else state, source, styled, how)
            made = (state.frame, frame.pts, frame.duration, as_arrays(state))
            yield Shot(*made, source=source, is_cut=is_cut)

    def _propagated(self, footage: Footage, first: int) -> Iterator[Shot]:
        looked = footage.looked
        keys = keyframes(looked.measured, self._asked.spacing)
        self._line.count(looked.frames, len(keys))
        parts = [one for one in stretches(keys, looked.cuts, looked.frames) if one.last >= first]
        frames = frames_from(footage, parts[0].first) if parts else iter(())
        known: Levels | None = (
            None  # a closed part ends with the frame that the next one begins with
        )
        for part in parts:
            sources = [known] if known is not None else []
            while len(sources) <= part.last - part.first and (found := next(frames, None)):
                sources.append(self._fitted(found[1].pixels))
            for number, pixels in self._made(part, sources):
                if number >= first:
                    times = looked.pts[number], looked.durations[number]
                    source, is_cut = sources[number - part.first], number in looked.cuts
                    yield Shot(pixels, *times, source=source, is_cut=is_cut)
            known = sources[-1] if part.is_closed else None

    def _made(self, part: Stretch, sources: list[Levels]) -> Iterator[tuple[int, Levels]]:
        """The frames of a part; the last one of a closed part is the first one of the next."""
        before = self._styled(part.first, sources[0])
        yield part.first, before
        if len(sources) < 2:
            return
        after = self._styled(part.last, sources[-1]) if part.is_closed else None
        yield from enumerate(propagated(sources, before, after), part.first + 1)

    def _styled(self, number: int, source: Levels) -> Levels:
        seed = self._shoot.seed
        changes = {
            "seed": by_chance(seed, number) if self._asked.seeds == "random" else seed,
            "source.strength": self._asked.strength,
        }
        return self._line.draw(number, changes, lambda: source)

    def _fitted(self, pixels: Levels) -> Levels:
        height, width = pixels.shape[:2]
        if (width, height) == self._shoot.size:
            return pixels
        is_smaller = self._shoot.size[0] * self._shoot.size[1] < width * height
        kind = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(pixels, self._shoot.size, interpolation=kind), np.uint8)


MODE = Mode(draws=True, plan=plan, course=Restyling)
