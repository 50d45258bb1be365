"""From a movie: the frames of an animation begin as those of a movie, and change as its schedules say.

Every so many of them are drawn, each by itself; the others follow from these along the motion of the movie, never
across a cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.video.animation import Animation
from pipelines.video.frame_values import Values, frame_values
from pipelines.video.grading.prepare import finish
from pipelines.video.media.probe import Clip
from pipelines.video.media.reading import open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Reel, Shot
from pipelines.video.modes.following import Seen, followed
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.looking import Looked, Span
from pipelines.video.modes.mode import Ground, Planned
from pipelines.video.modes.one_frame import changes_of
from pipelines.video.modes.pictures import colours_of, filling, uploads
from pipelines.video.modes.sizing import sized
from pipelines.video.modes.spans import Footage, Part, reel_of
from pipelines.video.steady.keyframes import SPACING_BOUNDS


@dataclass(frozen=True, kw_only=True)
class Picked(Part):
    """Every so many frames of a movie, from number `first` on; at most `count`. `is_to_end`: up to its last one."""

    first: int
    every: int
    count: int
    is_to_end: bool

    @property
    def is_whole(self) -> bool:
        return not self.first and self.is_to_end

    @property
    def span(self) -> Span:
        return Span(Fraction(0), None, self.first, self.every, self.count)

    def times_of(self, looked: Looked, number: int) -> tuple[int, int]:
        """(pts, duration) of a frame, which is shown until the next one that counts."""
        if number + 1 < looked.frames:
            return looked.pts[number], looked.pts[number + 1] - looked.pts[number]
        return looked.pts[number], looked.durations[number] * self.every


def plan(animation: Animation, ground: Ground) -> Planned:
    """Of one that is checked. Raises RequestError."""
    movie, cadence = animation.init_video, animation.diffusion_cadence
    if not movie:
        raise RequestError("animation.init_video", movie, "is no movie", "Choose a movie.")
    within("animation.diffusion_cadence", cadence, SPACING_BOUNDS, "frames of a movie")
    clip = ground.movie_of("animation.init_video", movie)
    part = picked(animation, clip)
    images = uploads(animation, ground)
    shown = round(clip.width_px * clip.sample_aspect), clip.height_px
    request = ground.settle(sized(ground, shown))
    frames = part.span.most(clip)
    fitted = paced(animation, part, clip, frames)
    return Planned(
        settings=animation.as_dict(),
        request=request,
        size=request.size,
        frames=frames,
        drawings=len(frame_values(fitted, request.seed).diffused),
        fps=fitted.fps,
        uploads=images,
        movies=(movie,),
    )


def picked(animation: Animation, clip: Clip) -> Picked:
    """Raises RequestError where the movie ends before the first one."""
    first, last = animation.extract_from_frame, animation.extract_to_frame
    if first >= clip.frame_count:
        why = f"is behind the end of the movie, which has {clip.frame_count:,} frames"
        raise RequestError("animation.extract_from_frame", first, why, "Begin earlier.")
    if 0 <= last < first:
        why = f"lies before the first one, number {first}"
        raise RequestError("animation.extract_to_frame", last, why, "Set it later, or -1.")
    every, count = animation.extract_nth_frame, animation.max_frames
    if last >= 0:
        count = min(count, (last - first) // every + 1)
    is_to_end = last < 0 and first + count * every >= clip.frame_count
    movie = animation.init_video
    return Picked(movie=movie, first=first, every=every, count=count, is_to_end=is_to_end)


def paced(animation: Animation, part: Picked, clip: Clip, frames: int) -> Animation:
    """With as many frames, and as many of them a second, as the movie gives; schedules count by these."""
    rate = float(clip.average_rate / part.every) if animation.keeps_times else animation.fps
    return replace(animation, max_frames=frames, fps=rate)


class FromMovie:
    """What is drawn is kept, so all else can be made again from it and from the movie."""

    def __init__(self, animation: Animation, shoot: Shoot, line: Line) -> None:
        self._animation, self._shoot, self._line = animation, shoot, line
        self._path = Path(shoot.inputs[animation.init_video])
        with open_source(self._path) as source:
            self._clip = source.clip
        self._part = picked(animation, self._clip)
        image = animation.colour_image
        self._colours = colours_of(animation, shoot.inputs[image], shoot.size) if image else None
        self.reel = self._reel()

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        with open_source(self._path) as source:
            footage = Footage.of(self._shoot, self._part, source, self._line)
            looked = footage.looked
            fitted = paced(self._animation, self._part, self._clip, looked.frames)
            values = frame_values(fitted, self._shoot.seed)
            keys = sorted({*values.diffused, *looked.cuts})
            self._line.count(looked.frames, len(keys))
            seen_from, drawn = partial(self._seen, footage), partial(self._styled, values)
            for seen, pixels in followed(looked, keys, first, seen_from, drawn):
                yield seen.shot(pixels)

    def _seen(self, footage: Footage, first: int) -> Iterator[Seen]:
        looked, cuts = footage.looked, set(footage.looked.cuts)
        for number, frame in frames_from(footage, first):
            pixels = self._filling(frame.pixels)
            yield Seen(number, *self._times(looked, number), pixels, None, number in cuts)

    def _reel(self) -> Reel:
        if not self._animation.keeps_times:
            return Reel.even(self._animation.fps)
        reel = reel_of(self._part, self._path, self._clip)
        return replace(reel, rate=reel.rate / self._part.every, sample_aspect=Fraction(1))

    def _times(self, looked: Looked, number: int) -> tuple[int, int]:
        return self._part.times_of(looked, number) if self._animation.keeps_times else (number, 1)

    def _styled(self, values: Values, seen: Seen) -> Levels:
        at = values.at(seen.number)
        changes = changes_of(at) | {"source.strength": at.denoising_strength}
        return finish(self._line.draw(seen.number, changes, lambda: seen.pixels), self._colours)

    def _filling(self, pixels: Levels) -> Levels:
        """The middle of a frame, as it is shown, in the size of the clip."""
        picture, aspect = Image.fromarray(pixels), self._clip.sample_aspect
        if aspect != 1:
            picture = picture.resize((round(picture.width * aspect), picture.height))
        return filling(picture, self._shoot.size)
