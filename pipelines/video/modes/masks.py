"""Masks: where the frames of a movie may change, by a picture for all of them or by a movie that goes along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from pipelines.editing.masks import levels_of, softened
from pipelines.editing.source import BLUR_PX
from pipelines.errors import RequestError
from pipelines.fields import one, within
from pipelines.video.media.errors import MediaError
from pipelines.video.media.probe import Clip
from pipelines.video.media.reading import Frame, Source, open_source
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels
from pipelines.video.modes.mode import Ground
from pipelines.video.modes.sizing import Size, fitted, same_shape

# Black and white come out of an encoder as nearly that; what is so near is taken for it.
NEARLY_LEVELS = 12

# The seconds since the beginning of the movie, ever later → (height, width) uint8, white where it may change; None:
# everywhere.
MaskAt = Callable[[Fraction], Levels | None]


@dataclass(frozen=True, kw_only=True)
class Mask:
    """White may change, black stays as it was filmed, to the bit.

    `image`: id of an upload; or `movie`: of a movie, whose frames go with those that are shown at the same time.
    `blur`: px of the video, deviation of the soft edge.
    """

    image: str = ""
    movie: str = ""
    is_inverted: bool = False
    blur: float = 4.0

    @property
    def uploads(self) -> tuple[str, ...]:
        return (self.image,) if self.image else ()

    @property
    def movies(self) -> tuple[str, ...]:
        return (self.movie,) if self.movie else ()


def read_mask(value: Any) -> Mask | None:
    """From the settings of a video; null: all may change. Raises RequestError, named e.g. "settings.mask.blur"."""
    mask = one(Mask, value, "settings.mask")
    if mask is None:
        return None
    within("settings.mask.blur", mask.blur, BLUR_PX, "px")
    if not mask.image and not mask.movie:
        remedy = "Choose a picture, or leave the mask out."
        raise RequestError("settings.mask.image", "", "no mask is chosen", remedy)
    if mask.image and mask.movie:
        remedy = "Choose a picture or a movie."
        raise RequestError("settings.mask.movie", mask.movie, "there is a picture, too", remedy)
    return mask


def check_mask(
    mask: Mask | None, clip: Clip, ground: Ground, end_seconds: float
) -> tuple[str, ...]:
    """What the user should know. `end_seconds`: of the part of the movie. Raises RequestError."""
    movie = clip.width_px, clip.height_px
    if mask is None:
        return ()
    if mask.image:
        field = "settings.mask.image"
        same_shape(field, mask.image, ground.size_of(field, mask.image), movie)
        return ()
    field = "settings.mask.movie"
    along = ground.movie_of(field, mask.movie)
    same_shape(field, mask.movie, (along.width_px, along.height_px), movie)
    if along.duration_seconds >= end_seconds - 1 / float(clip.average_rate):
        return ()
    return (
        f"The mask ends after {along.duration_seconds:.1f} s; its last frame holds from there on.",
    )


@contextmanager
def masks_of(mask: Mask | None, shoot: Shoot) -> Iterator[MaskAt]:
    """Of frames of the size of the video. Raises MediaError."""
    if mask is None:
        yield lambda seconds: None
    elif mask.image:
        with Image.open(shoot.inputs[mask.image]) as picture:
            still = _finished(levels_of(picture), mask, shoot.size)
        yield lambda seconds: still
    else:
        with open_source(Path(shoot.inputs[mask.movie])) as source:
            along = _Along(source)
            yield lambda seconds: _finished(_grey(along.at(seconds)), mask, shoot.size)


class _Along:
    """Frames of a movie by their times, which never go back; the last one holds for ever."""

    def __init__(self, source: Source) -> None:
        self._clip, self._frames = source.clip, source.frames()
        first = next(self._frames, None)
        if first is None:
            raise MediaError("The movie that is the mask has no frame.", "Choose another one.")
        self._here, self._next = first, next(self._frames, None)

    def at(self, seconds: Fraction) -> Levels:
        """The frame that begins the nearest to this time: two movies may count time otherwise."""
        missed = self._miss(self._here, seconds)
        while self._next is not None and (nearer := self._miss(self._next, seconds)) <= missed:
            self._here, missed = self._next, nearer
            self._next = next(self._frames, None)
        return self._here.pixels

    def _miss(self, frame: Frame, seconds: Fraction) -> Fraction:
        return abs(frame.pts * self._clip.time_base - self._clip.start_seconds - seconds)


def _grey(pixels: Levels) -> Levels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    wide = (grey - NEARLY_LEVELS) * np.float32(255 / (255 - 2 * NEARLY_LEVELS))
    return np.asarray(np.clip(np.rint(wide), 0, 255), np.uint8)


def _finished(levels: Levels, mask: Mask, size: Size) -> Levels:
    turned = 255 - levels if mask.is_inverted else levels
    return softened(fitted(turned, size), mask.blur)
