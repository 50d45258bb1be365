"""Movies for tests: a coloured square goes to the right over a pattern; with cuts, sound and odd times."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

SIZE = (128, 96)
FPS = 12
SIDE_PX = 24
RATE = 48_000
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def pictures(count: int, cut: int | None = None) -> Iterator[Pixels]:
    """`cut`: the frame with which another scene begins."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width]
    for number in range(count):
        is_later = cut is not None and number >= cut
        wave = 90 + 50 * np.sin(x / (5 if is_later else 9)) * np.cos(y / (13 if is_later else 6))
        ground = np.stack([wave, 0.8 * wave, wave if is_later else 0.3 * wave], axis=-1)
        frame = ground.astype(np.uint8)
        left, top = place(number)
        frame[top : top + SIDE_PX, left : left + SIDE_PX] = (40, 60, 220)
        yield frame


def place(number: int) -> tuple[int, int]:
    """(left, top) of the square. Twice as far as the colours of an H.264 picture are apart, at half the speed too."""
    return 8 + 4 * (number % 24), 36


def movie(count: int = 24, *, cut: int | None = None, has_sound: bool = True) -> bytes:
    """An MP4 (H.264, AAC)."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=FPS)
        video.width, video.height = SIZE
        video.pix_fmt, video.options = "yuv420p", {"crf": "12"}
        audio = output.add_stream("aac", rate=RATE) if has_sound else None
        for pixels in pictures(count, cut):
            output.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(video.encode(None))
        if audio is not None:
            for frame in tone(count / FPS):
                output.mux(audio.encode(frame))
            output.mux(audio.encode(None))
    return stream.getvalue()


def tone(seconds: float) -> Iterator[av.AudioFrame]:
    samples = np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * 440 / RATE)
    levels = (samples * 8000).astype(np.int16)[None]
    for start in range(0, levels.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(levels[:, start : start + 1024], "s16", "mono")
        frame.sample_rate, frame.pts = RATE, start
        frame.time_base = Fraction(1, RATE)
        yield frame


def times(path: Path) -> list[Fraction]:
    """When each frame of a movie is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sound_packets(path: Path | io.BytesIO) -> list[bytes]:
    with av.open(path if isinstance(path, io.BytesIO) else str(path)) as container:
        streams = container.streams.audio
        return (
            [bytes(packet) for packet in container.demux(streams[0]) if packet.size]
            if streams
            else []
        )
