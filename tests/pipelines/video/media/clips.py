"""Movies for the tests: each frame shows its number as bars, over a pattern that moves; the sound is a sine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

NTSC = Fraction(30000, 1001)
BITS, BAR_PX = 10, 8
SAMPLES = 1024


@dataclass(frozen=True)
class Movie:
    """How a test's movie is made. `pts`: in units of `time_base`; without them the rate is constant."""

    frames: int = 40
    size: tuple[int, int] = (96, 64)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    rate: Fraction = NTSC
    pts: Sequence[int] = ()
    time_base: Fraction | None = None
    tracks: int = 1
    sound: str = "aac"
    rotation: int = 0
    aspect: Fraction = Fraction(1)
    options: tuple[tuple[str, str], ...] = (("preset", "ultrafast"), ("bf", "2"), ("g", "12"))


def numbered(number: int, size: tuple[int, int] = (96, 64)) -> NDArray[np.uint8]:
    """(height, width, 3): bars at the top for the bits of the number, a moving slope below."""
    width, height = size
    slope = (np.arange(width) * 2 + number * 3) % 256
    rows = np.arange(height)[:, None]
    pixels = np.stack([np.broadcast_to(slope, (height, width)), (rows + slope) % 256 // 2], -1)
    pixels = np.concatenate([pixels, np.full((height, width, 1), 90)], -1).astype(np.uint8)
    for bit in range(BITS):
        pixels[: 2 * BAR_PX, bit * BAR_PX : (bit + 1) * BAR_PX] = 235 * (number >> bit & 1)
    return pixels


def number_of(pixels: NDArray[np.uint8]) -> int:
    """The number that a decoded frame shows."""
    row = pixels[BAR_PX // 2 : BAR_PX + BAR_PX // 2].mean(axis=(0, 2))
    middles = [row[bit * BAR_PX + 2 : (bit + 1) * BAR_PX - 2].mean() for bit in range(BITS)]
    return sum(int(middle > 118) << bit for bit, middle in enumerate(middles))


def make(path: Path, movie: Movie = Movie()) -> Path:
    """Writes it, in the format that the name of the file asks for."""
    time_base = movie.time_base or 1 / movie.rate
    with av.open(str(path), "w") as output:
        stream = output.add_stream(movie.codec, rate=movie.rate, options=dict(movie.options))
        stream.width, stream.height = movie.size
        stream.pix_fmt = movie.pixel_format
        stream.codec_context.time_base = time_base
        stream.codec_context.sample_aspect_ratio = movie.aspect
        if movie.rotation:
            stream.set_display_rotation(movie.rotation)
        tracks = [_track(output, movie.sound) for _ in range(movie.tracks)]
        for number in range(movie.frames):
            frame = av.VideoFrame.from_ndarray(numbered(number, movie.size))
            frame = frame.reformat(format=movie.pixel_format)
            frame.pts = movie.pts[number] if movie.pts else number
            frame.time_base = time_base
            output.mux(stream.encode(frame))
        for number, track in enumerate(tracks):
            _sing(output, track, float(movie.frames / movie.rate), 440 + 220 * number)
        output.mux(stream.encode(None))
    return path


def make_song(path: Path) -> Path:
    """A tenth of a second of sound, and the picture of its cover."""
    with av.open(str(path), "w") as output:
        track = _track(output, "aac")
        cover = output.add_stream("png", rate=25)
        (cover.width, cover.height), cover.pix_fmt = (96, 64), "rgb24"
        cover.disposition = Disposition.attached_pic
        _sing(output, track, 0.1, 440)
        frame = av.VideoFrame.from_ndarray(numbered(0))
        frame.pts = 0
        output.mux([*cover.encode(frame), *cover.encode(None)])
    return path


def _track(output: av.container.OutputContainer, codec: str) -> av.audio.stream.AudioStream:
    track = output.add_stream(codec, rate=48_000)
    track.layout = "stereo"
    return track


def _sing(
    output: av.container.OutputContainer,
    track: av.audio.stream.AudioStream,
    seconds: float,
    hertz: float,
) -> None:
    times = np.arange(int(48_000 * seconds)) / 48_000
    wave = (0.3 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
    for start in range(0, len(wave), SAMPLES):
        part = np.tile(wave[start : start + SAMPLES], (2, 1))
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, start
        output.mux(track.encode(frame))
    output.mux(track.encode(None))


def sound_packets(path: Path) -> list[tuple[int, str]]:
    """Of every packet of sound its track and the digest of its bytes, in order, track by track."""
    with av.open(str(path)) as movie:
        tracks = movie.streams.audio
        numbers = {track.index: number for number, track in enumerate(tracks)}
        packets = [packet for packet in movie.demux(*tracks) if packet.size] if tracks else []
        told = [
            (numbers[packet.stream_index], hashlib.md5(bytes(packet)).hexdigest())
            for packet in packets
        ]
    return sorted(told, key=lambda packet: packet[0])


def sound_times(path: Path) -> list[Fraction]:
    """When each packet of the first track begins, in seconds."""
    with av.open(str(path)) as movie:
        packets = [packet for packet in movie.demux(movie.streams.audio[0]) if packet.size]
        return [packet.pts * packet.time_base for packet in packets]
