"""Looping: a film becomes a GIF, an animated WebP or an APNG, which play anywhere and for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from pipelines.video.media.loops import KINDS, Shown, write_loop
from pipelines.video.video import Film


def as_loop(folder: Path, film: Film, kind: str) -> Film:
    """Takes the place of the film, which is ours, and of its best quality. Raises DiskFull or RequestError."""
    source, row = folder / film.file, KINDS[kind]
    target = source.with_suffix(row.suffix)
    write_loop(_shown(source, Fraction(film.seconds), film), target, kind)
    source.unlink()
    size_bytes = target.stat().st_size
    media_type = f"image/{row.file_format.lower()}"
    return replace(film, file=target.name, media_type=media_type, size_bytes=size_bytes)


def _shown(path: Path, seconds: Fraction, film: Film) -> Iterator[Shown]:
    """Each frame until the next one; the last one until the film ends."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        first = next(frames)
        start = _at(first)
        for now, after in pairwise(chain([first], frames, [None])):
            assert now is not None
            end = start + seconds if after is None else _at(after)
            pixels = np.asarray(now.to_ndarray(format="rgb24"), np.uint8)
            yield Shown(pixels[: film.height, : film.width], max(end - _at(now), Fraction(1, 1000)))


def _at(frame: VideoFrame) -> Fraction:
    assert frame.pts is not None
    assert frame.time_base is not None
    return frame.pts * frame.time_base
