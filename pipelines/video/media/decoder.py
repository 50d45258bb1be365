"""What a child tells of a movie: its facts, or its frames one after the other as RGB."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from pipelines.video.media import colours, limits, movies
from pipelines.video.media.counting import counted
from pipelines.video.media.messages import Pipe, send
from pipelines.video.media.movies import Problem

THREADS = 2
FRAMES_A_SIGN = 50  # frames passed over between two signs of life
SECONDS_BACK = (0, 1, 4, 16, 64)  # where a key frame before the wanted frame is looked for
UPRIGHT = (1, 0, 0, 1)
MATRIX = struct.Struct("=9i")


@dataclass(frozen=True)
class Wanted:
    """Frames number `start` to before `stop`, counted from the one shown at `since_pts`, or else from the first.

    `size`: (width, height) that all get, in pixels and before they are turned upright.
    """

    size: tuple[int, int]
    start: int = 0
    stop: int | None = None
    since_pts: int | None = None


@dataclass
class Reading:
    """A movie being decoded, and how many packets of it were damaged."""

    file: BinaryIO
    broken: int = field(default=0, init=False)

    def frames(self, since_pts: int | None) -> Iterator[VideoFrame]:
        """From the frame with this PTS or the next one; from the first for None."""
        if since_pts is None:
            yield from self._from_start()
            return
        for frame in self._from_key(since_pts) or self._from_start():
            if frame.pts is None or frame.pts >= since_pts:
                yield frame
            else:
                limits.renew_time()

    def _from_start(self) -> Iterator[VideoFrame]:
        self.file.seek(0)
        with movies.opened(self.file) as movie:
            yield from self._decoded(movie, movies.pictures(movie))

    def _from_key(self, since_pts: int) -> Iterator[VideoFrame] | None:
        """From a key frame shown before: what follows it can be decoded whole. None when the format has none."""
        for seconds in SECONDS_BACK:
            frames = self._sought(since_pts, seconds)
            key = next((frame for frame in frames if frame.key_frame), None)
            limits.renew_time()
            if key is not None and key.pts is not None and key.pts <= since_pts:
                return _chained(key, frames)
            frames.close()
        return None

    def _sought(self, pts: int, seconds: int) -> Generator[VideoFrame, None, None]:
        self.file.seek(0)
        with movies.opened(self.file) as movie:
            stream = movies.pictures(movie)
            assert stream.time_base
            with contextlib.suppress(av.error.FFmpegError):
                movie.seek(pts - int(seconds / stream.time_base), stream=stream)
                yield from self._decoded(movie, stream)

    def _decoded(self, movie: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        stream.codec_context.thread_count = THREADS
        stream.codec_context.thread_type = "AUTO"
        for packet in movies.packets(movie, stream):
            found = movies.frames(packet)
            self.broken += found is None
            for frame in found or []:
                movies.check_size(frame.width, frame.height)
                yield frame


def tell_facts(file: BinaryIO, pipe: Pipe) -> None:
    """One message: what Clip holds. The first frame is decoded, for only then it is known whether any can be."""
    first = next(Reading(file).frames(None), None)
    if first is None:
        raise Problem("{name} holds no frame that can be decoded.", movies.ANOTHER)
    file.seek(0)
    with movies.opened(file) as movie:
        stream = movies.pictures(movie)
        facts = {
            "size": [first.width, first.height],
            "turn": _turn(first),
            "sample_aspect": str(stream.sample_aspect_ratio or 1),
            "start_pts": first.pts or 0,
            "codec": stream.codec_context.codec.canonical_name,
            "pixel_format": first.format.name,
            "bits": max(part.bits for part in first.format.components),
            "audio": _audio_facts(movie),
        }
        send(pipe, facts | counted(movie, stream))


def tell_frames(file: BinaryIO, pipe: Pipe, wanted: Wanted) -> None:
    """A message for each frame, with its RGB; then one that says how it went."""
    reading, converter, number = Reading(file), VideoReformatter(), 0
    for frame in reading.frames(wanted.since_pts):
        limits.renew_time()
        if wanted.stop is not None and number >= wanted.stop:
            break
        if number >= wanted.start:
            rgb = colours.to_rgb(frame, wanted.size, converter)
            send(pipe, _frame_facts(frame, rgb), memoryview(rgb.planes[0]))
        elif number % FRAMES_A_SIGN == 0:
            send(pipe, {"passed": number})
        number += 1
    send(pipe, {"frames": number, "broken": reading.broken})


def _frame_facts(frame: VideoFrame, rgb: VideoFrame) -> dict[str, Any]:
    return {
        "pts": frame.pts,
        "duration": frame.duration,
        "shape": [rgb.height, rgb.planes[0].line_size, rgb.width],
    }


def _turn(frame: VideoFrame) -> tuple[int, ...]:
    """How x and y of the upright picture go with those of the stored one: the signs of (xx, xy, yx, yy)."""
    side_data: Any = frame.side_data  # a mapping, which PyAV's types say otherwise
    told = side_data.get("DISPLAYMATRIX")
    if told is None:
        return UPRIGHT
    matrix = MATRIX.unpack(bytes(told))
    parts = (matrix[0], matrix[1], matrix[3], matrix[4])
    largest = max(map(abs, parts))
    signs = tuple(0 if 2 * abs(part) < largest else (1 if part > 0 else -1) for part in parts)
    is_right_angled = sorted(map(abs, signs)) == [0, 0, 1, 1] and abs(signs[0]) == abs(signs[3])
    return signs if is_right_angled else UPRIGHT


def _audio_facts(movie: InputContainer) -> list[dict[str, Any]]:
    return [
        {
            "codec": track.codec_context.codec.canonical_name,
            "channels": track.channels,
            "rate": track.rate,
            "language": (track.language or "").replace("und", ""),
        }
        for track in movie.streams.audio
        if track.codec_context is not None
    ]


def _chained(first: VideoFrame, others: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    yield first
    yield from others
