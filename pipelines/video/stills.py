"""Stills: a movie as its frames: one of them as a PNG, or a stretch of them as a zip that is made while it is read."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from pipelines.errors import NotFound
from pipelines.fields import within
from pipelines.output.png import png_bytes
from pipelines.video.media.reading import Frame, Source, open_source

NO_CONTAINER = ".webp"  # which no decoder of movies reads
TICKS_LEAST = (
    16  # of the time base to a frame: with fewer, rounding may hide that frames last differently
)


def plain(title: str, otherwise: str) -> str:
    """A title as the name of a file, of letters, digits and "-"."""
    signs = "".join(sign if sign.isalnum() else "-" for sign in title)
    return signs.strip("-") or otherwise


@dataclass(frozen=True)
class Stills:
    """`name`: what files of it are called, without an ending; `frames`: how many it has, about."""

    path: Path
    name: str
    frames: int

    def png(self, number: int) -> bytes:
        """The frame of this number, from 0. Raises NotFound or MediaError."""
        for picture in self._pictures(number, 1) if number >= 0 else ():
            return png_bytes(picture)
        what = f"There is no frame {number} in it."
        raise NotFound(what, f"Its frames are 0 to {self.frames - 1}, about.")

    def packed(self, first: int, last: int) -> Iterator[bytes]:
        """A zip of PNGs, frame by frame; in memory is one of them. Raises RequestError, and MediaError on the way."""
        within("first", first, (0, self.frames - 1))
        within("last", last, (first, self.frames - 1))
        return _zipped(self._pictures(first, last - first + 1), first)

    def _pictures(self, first: int, count: int) -> Iterator[Image.Image]:
        if self.path.suffix == NO_CONTAINER:
            with Image.open(self.path) as loop:
                for picture in islice(ImageSequence.Iterator(loop), first, first + count):
                    yield picture.convert("RGB")
            return
        with open_source(self.path) as source:
            for frame in frames_at(source, first, count):
                yield Image.fromarray(frame.pixels)


def frames_at(source: Source, first: int, count: int) -> Iterator[Frame]:
    """`count` frames from this number on, in the order in which they are shown. Raises MediaError.

    Where all last equally long their times are known and sought for; else those before are decoded and passed over.
    """
    clip = source.clip
    ticks = Fraction(clip.duration_seconds) / (clip.frame_count * clip.time_base)
    is_even = clip.is_count_exact and clip.is_variable_rate is False and ticks >= TICKS_LEAST
    if not first or not is_even:
        return source.frames(first, first + count)
    if first >= clip.frame_count:
        return iter(())
    return source.frames_from(clip.start_pts + math.ceil((first - Fraction(1, 2)) * ticks), count)


def _zipped(pictures: Iterator[Image.Image], first: int) -> Iterator[bytes]:
    """PNGs are packed already, so that they are only put one after the other."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for number, picture in enumerate(pictures, first):
            archive.writestr(f"frame-{number:06}.png", png_bytes(picture))
            yield pipe.taken()
    yield pipe.taken()


class _Pipe(io.RawIOBase):
    """What is written waits here until it is taken; it cannot be sought in, which a zip does without."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        waiting, self._waiting = bytes(self._waiting), bytearray()
        return waiting
