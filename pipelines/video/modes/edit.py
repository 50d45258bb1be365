"""Edit frames: frames of a movie are replaced by pictures, and what was changed in them is in their neighbours too.

A change goes as far as it is told, to the end of the shot, or half the way to the next edited frame. It moves with the
thing that it was done to, and fades; nothing is drawn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import cv2
import numpy as np
from PIL import Image

from pipelines.errors import RequestError
from pipelines.fields import rows, within
from pipelines.video.media.reading import Frame, open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Shot
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.looking import Looked
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.sizing import same_shape
from pipelines.video.modes.spans import Footage, Part, frames_about, path_of, read, reel_of
from pipelines.video.steady.edits import Reach, begun, onward

REACH = (0, 24)  # frames to each side
EDITS_MAX = 1000

Numbered = tuple[int, Frame]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """`image`: id of an upload that takes the place of this frame, counted from the beginning of the part."""

    frame: int = 0
    image: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings(Part):
    """`reach`: to so many frames before and after it a change goes on."""

    reach: int = 12
    edits: tuple[Edit, ...] = ()


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Raises RequestError."""
    given = dict(values)
    edits = rows(Edit, given.pop("edits", ()), "settings.edits")
    asked = dataclasses.replace(read(Settings, given), edits=edits)
    within("settings.reach", asked.reach, REACH, "frames")
    if not 1 <= len(edits) <= EDITS_MAX:
        remedy = f"Put back at least one frame, and at most {EDITS_MAX:,}."
        raise RequestError("settings.edits", len(edits), "are no edits that can be made", remedy)
    return asked


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Raises RequestError."""
    asked = settings_of(settings)
    clip = ground.movie_of("settings.movie", asked.movie)
    frames, size = frames_about(asked, clip), (clip.width_px, clip.height_px)
    for number, edit in enumerate(asked.edits):
        _check(f"settings.edits.{number}", edit, (frames, size), ground)
    return Planned(
        settings=dataclasses.asdict(asked),
        size=size,
        frames=frames,
        fps=float(clip.average_rate),
        movies=(asked.movie,),
        uploads=tuple(dict.fromkeys(edit.image for edit in asked.edits)),
    )


def _check(field: str, edit: Edit, about: tuple[int, tuple[int, int]], ground: Ground) -> None:
    frames, size = about
    within(f"{field}.frame", edit.frame, (0, frames - 1), "frames from the start")
    image = f"{field}.image"
    same_shape(image, edit.image, ground.size_of(image, edit.image), size)


@dataclass(frozen=True)
class Window:
    """Frames `first` … `last` are made by the edit of frame `at`."""

    first: int
    at: int
    last: int
    image: str


def windows(asked: Settings, looked: Looked) -> list[Window]:
    """One for each edited frame, which do not overlap; of several edits of one frame the last one counts."""
    images = {edit.frame: edit.image for edit in asked.edits if edit.frame < looked.frames}
    places = sorted(images)
    starts = [0, *looked.cuts, looked.frames]
    found = []
    for number, at in enumerate(places):
        shot = max(start for start in starts if start <= at), min(s for s in starts if s > at) - 1
        before = (places[number - 1] + at) // 2 + 1 if number else 0
        after = (at + places[number + 1]) // 2 if number + 1 < len(places) else looked.frames
        first = max(shot[0], before, at - asked.reach)
        found.append(Window(first, at, min(shot[1], after, at + asked.reach), images[at]))
    return found


class Editing:
    """Any frame can be made from its own window."""

    def __init__(self, shoot: Shoot, line: Line) -> None:
        self._shoot, self._line = shoot, line
        self._asked = settings_of(shoot.asked)
        self._path = path_of(shoot, self._asked)
        with open_source(self._path) as source:
            self.reel = reel_of(self._asked, self._path, source.clip)

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        with open_source(self._path) as source:
            footage = Footage.of(self._shoot, self._asked, source, self._line)
            self._line.count(footage.looked.frames, 0)
            self._line.say("putting frames back")
            left = [one for one in windows(self._asked, footage.looked) if one.last >= first]
            start = min([first, *(one.first for one in left)])
            for number, frame in self._edited(frames_from(footage, start), left):
                if number >= first:
                    yield Shot(frame.pixels, frame.pts, frame.duration)

    def _edited(self, frames: Iterator[Numbered], left: list[Window]) -> Iterator[Numbered]:
        for number, frame in frames:
            if not left or number < left[0].first:
                yield number, frame
                continue
            window = left.pop(0)
            more = islice(frames, window.last - number)
            yield from self._made(window, chain([(number, frame)], more))

    def _made(self, window: Window, found: Iterator[Numbered]) -> Iterator[Numbered]:
        """The frames of a window with the edit in them. Those before it are held until it comes, and no others."""
        before = list(islice(found, window.at - window.first + 1))
        number, frame = before.pop()
        edited = self._picture(window.image, frame.pixels)
        back = list(self._carried(frame.pixels, edited, _from_last(before)))
        yield from _from_last(back)
        yield number, dataclasses.replace(frame, pixels=edited)
        yield from self._carried(frame.pixels, edited, found)

    def _carried(
        self, original: Levels, edited: Levels, others: Iterator[Numbered]
    ) -> Iterator[Numbered]:
        """The neighbours on one side, nearest first, with the edit in them."""
        state = begun(original, original, edited)
        for number, frame in others:
            state, pixels = onward(state, frame.pixels, frame.pixels, Reach(self._asked.reach))
            yield number, dataclasses.replace(frame, pixels=pixels)

    def _picture(self, image: str, like: Levels) -> Levels:
        with Image.open(self._shoot.inputs[image]) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        height, width = like.shape[:2]
        if pixels.shape == like.shape:
            return pixels
        is_larger = pixels.shape[0] > height
        how = cv2.INTER_AREA if is_larger else cv2.INTER_LANCZOS4
        return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def _from_last(frames: list[Numbered]) -> Iterator[Numbered]:
    """Each is let go of when the one before it is asked for."""
    while frames:
        yield frames.pop()


MODE = Mode(draws=False, plan=plan, course=Editing)
