"""Restyle a movie: the model draws some of its frames anew, or all; the others follow from these along the motion.

By `keyframes` few frames are drawn, and what is between takes the look of both, moved as the movie moves. By `blend`
every frame is drawn, and each is led towards the one before. Nothing reaches across a cut. Where a mask is black, a
frame stays as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.video.media.reading import open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Shot
from pipelines.video.modes.following import Seen, followed
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.masks import Mask, MaskAt, check_mask, masks_of, read_mask
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.sizing import fitted, sized
from pipelines.video.modes.spans import Footage, Part, frames_about, path_of, read, reel_of
from pipelines.video.schedules.seeds import by_chance
from pipelines.video.steady.blending import Blend, Blended, blended
from pipelines.video.steady.keyframes import SPACING_BOUNDS, keyframes
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
    mask: Mask | None = None


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Raises RequestError."""
    given = dict(values)
    mask = read_mask(given.pop("mask", None))
    return _checked(replace(read(Settings, given), mask=mask))


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Raises RequestError."""
    asked = settings_of(settings)
    clip = ground.movie_of("settings.movie", asked.movie)
    frames = frames_about(asked, clip)
    end_seconds = min(clip.duration_seconds, asked.end_seconds or clip.duration_seconds)
    warnings = check_mask(asked.mask, clip, ground, end_seconds)
    shown = round(clip.width_px * clip.sample_aspect), clip.height_px
    request = ground.settle_frame(sized(ground, shown))
    masks = asked.mask or Mask()
    return Planned(
        settings=dataclasses.asdict(asked),
        request=request,
        size=request.size,
        frames=frames,
        drawings=frames if asked.way == BLEND else -(-frames // asked.spacing) + 1,
        fps=float(clip.average_rate),
        movies=tuple(dict.fromkeys((asked.movie, *masks.movies))),
        uploads=masks.uploads,
        warnings=warnings,
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


class Restyling:
    """What is drawn is kept, so all else can be made again from it and from the movie."""

    def __init__(self, shoot: Shoot, line: Line) -> None:
        self._shoot, self._line = shoot, line
        self._asked = settings_of(shoot.asked)
        self._path = path_of(shoot, self._asked)
        with open_source(self._path) as source:
            reel = reel_of(self._asked, self._path, source.clip)
        self.reel = replace(reel, sample_aspect=type(reel.sample_aspect)(1))

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        masks = masks_of(self._asked.mask, self._shoot)
        with open_source(self._path) as source, masks as mask_at:
            footage = Footage.of(self._shoot, self._asked, source, self._line)
            if self._asked.way == BLEND:
                yield from self._blended(self._seen(footage, mask_at, first), carried, footage)
            else:
                yield from self._propagated(footage, mask_at, first)

    def _seen(self, footage: Footage, mask_at: MaskAt, first: int) -> Iterator[Seen]:
        clip, cuts = footage.source.clip, set(footage.looked.cuts)
        for number, frame in frames_from(footage, first):
            mask = mask_at(frame.pts * clip.time_base - clip.start_seconds)
            pixels = fitted(frame.pixels, self._shoot.size)
            yield Seen(number, frame.pts, frame.duration, pixels, mask, number in cuts)

    def _blended(
        self,
        frames: Iterator[Seen],
        carried: Mapping[str, np.ndarray[Any, Any]],
        footage: Footage,
    ) -> Iterator[Shot]:
        state = from_arrays(Blended, carried) if carried else None
        how = Blend(self._asked.steadiness)
        self._line.count(footage.looked.frames, footage.looked.frames)
        for seen in frames:
            before = None if seen.is_cut else state
            state = blended(before, seen.pixels, self._styled(seen), how)
            yield seen.shot(state.frame, as_arrays(state))

    def _propagated(self, footage: Footage, mask_at: MaskAt, first: int) -> Iterator[Shot]:
        looked = footage.looked
        keys = keyframes(looked.measured, self._asked.spacing)
        self._line.count(looked.frames, len(keys))
        seen_from = partial(self._seen, footage, mask_at)
        for seen, pixels in followed(looked, keys, first, seen_from, self._styled):
            yield seen.shot(pixels)

    def _styled(self, seen: Seen) -> Levels:
        seed = self._shoot.seed
        changes = {
            "seed": by_chance(seed, seen.number) if self._asked.seeds == "random" else seed,
            "source.strength": self._asked.strength,
        }
        return self._line.draw(seen.number, changes, lambda: seen.pixels, seen.mask)


MODE = Mode(draws=True, plan=plan, course=Restyling)
