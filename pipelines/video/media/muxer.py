"""Joins segments of pictures, packet by packet, with the sound of another movie: copied, or encoded anew.

It runs in a child, since the sound comes from a stranger's file. Packets are written in the order of their time, so
that nothing is held back but the segment at hand.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import av
import av.error
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream

from pipelines.video.media import limits, movies
from pipelines.video.media.messages import Pipe, receive, send

WRITE_BYTES = 1 << 18
TIMESCALE_MAX = 2**31 - 1
SEEK_BACK_SECONDS = 2
OPUS_RATE = 48_000  # Opus knows no other


class Target(NamedTuple):
    """The file that is written, opened a second time: `+faststart` reads it again to move its index to the front."""

    written: BinaryIO
    read: BinaryIO


@dataclass(frozen=True)
class Plan:
    """How the movie is to be. Fractions are written "1/30000".

    `origin`: the time in seconds that becomes 0; `sound_between`: the seconds whose sound is wanted, None for all;
    `copied`: the audio codecs that this container takes as they are; `encoder`: for all others.
    """

    container: str
    time_base: str
    origin: str
    copied: tuple[str, ...]
    encoder: str
    sound_between: tuple[str, str] | None = None


class _Clock:
    """Times of the packets of a track: later and later, and to the sample where a movie says milliseconds."""

    def __init__(self, source: AudioStream) -> None:
        assert source.time_base
        self._samples, self._rate = source.frame_size, source.rate
        self._tick = source.time_base * source.rate  # in samples
        self._is_coarse = self._tick > 1 and self._samples > 0
        self._last = self._end = -math.inf

    def set(self, packet: Packet[AudioStream], pts: int) -> None:
        """Where times go back a packet begins where the last one ends, and where its time is a tick away from that."""
        if self._is_coarse:
            pts = round(pts * self._tick)
            packet.duration, packet.time_base = self._samples, Fraction(1, self._rate)
        is_near = self._is_coarse and abs(pts - self._end) <= self._tick
        packet.pts = packet.dts = int(self._end) if pts <= self._last or is_near else pts
        self._last, self._end = packet.pts, packet.pts + (packet.duration or 1)


class Track:
    """One track of sound on its way from movie to movie."""

    def __init__(self, source: AudioStream, output: OutputContainer, plan: Plan) -> None:
        assert source.time_base
        self._output = output
        self._offset = round(Fraction(plan.origin) / source.time_base)
        self._can_be_negative = plan.sound_between is None or plan.container == "mp4"
        self._resampler: AudioResampler | None = None
        self._clock = _Clock(source)
        if source.codec_context.codec.canonical_name in plan.copied:
            self._stream = output.add_stream_from_template(source, opaque=True)
        else:
            self._stream = self._encoded(source, output, plan.encoder)
        if source.language:
            self._stream.metadata["language"] = source.language

    def take(self, packet: Packet[AudioStream]) -> None:
        """Passes a packet on, from the time of its movie to that of ours."""
        assert packet.pts is not None
        pts = packet.pts - self._offset
        if pts < 0 and not self._can_be_negative:
            return
        self._clock.set(packet, pts)
        if self._resampler is None:
            packet.stream = self._stream
            self._output.mux(packet)
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            return  # damaged: a moment of silence
        for frame in frames:
            for part in self._resampler.resample(frame):
                self._output.mux(self._stream.encode(part))

    def finish(self) -> None:
        """What decoder, resampler and encoder still hold."""
        if self._resampler is not None:
            for part in self._resampler.resample(None):
                self._output.mux(self._stream.encode(part))
            self._output.mux(self._stream.encode(None))

    def _encoded(self, source: AudioStream, output: OutputContainer, encoder: str) -> AudioStream:
        rate = OPUS_RATE if encoder == "libopus" else source.rate
        stream = output.add_stream(encoder, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono" if source.channels == 1 else "stereo"
        stream.codec_context.open()
        self._resampler = AudioResampler(
            stream.format, stream.layout, rate, frame_size=stream.codec_context.frame_size
        )
        return stream


class Sound:
    """The tracks of a movie, read as far as the pictures have come."""

    def __init__(self, movie: InputContainer, output: OutputContainer, plan: Plan) -> None:
        between = plan.sound_between
        self._between = tuple(map(Fraction, between)) if between else None
        sources = [track for track in movie.streams.audio if movies.is_audible(track)]
        self.left_out = len(movie.streams.audio) - len(sources)
        for stream in movie.streams:
            if stream not in sources:
                stream.discard = Discard.all
        self._tracks = {source.index: Track(source, output, plan) for source in sources}
        self._packets = self._wanted(movie, sources) if sources else iter(())
        self._next = next(self._packets, None)

    def write_until(self, seconds: Fraction | float) -> None:
        """Writes all that is heard before this time of the movie that it comes from."""
        while self._next is not None and self._next[0] <= seconds:
            _, packet = self._next
            self._tracks[packet.stream.index].take(packet)
            self._next = next(self._packets, None)

    def finish(self) -> None:
        self.write_until(math.inf)
        for track in self._tracks.values():
            track.finish()

    def _wanted(
        self, movie: InputContainer, sources: list[AudioStream]
    ) -> Iterator[tuple[Fraction, Packet[AudioStream]]]:
        if self._between:
            _seek(movie, self._between[0])
        for packet in movies.packets(movie, *sources):
            limits.renew_time()
            if packet.pts is None:
                continue
            start = packet.pts * packet.time_base
            stop = start + (packet.duration or 0) * packet.time_base
            if self._between is None or (stop > self._between[0] and start < self._between[1]):
                yield start, packet


def join(file: BinaryIO | None, pipe: Pipe, target: Target, plan: Plan) -> None:
    """Takes segments from stdin, each with the times of its frames, until one has none.

    When all is written it tells how many tracks of sound could not be read.
    """
    with io.FileIO(0, closefd=False) as segments, contextlib.ExitStack() as stack:
        header, data = receive(segments)
        movie = stack.enter_context(movies.opened(file)) if file else None
        output = stack.enter_context(_output(target, plan, movie))
        pictures = _picture_stream(output, data, plan)
        sound = Sound(movie, output, plan) if movie else None
        while header:
            for packet, pts, duration in zip(
                _packets(data), header["pts"], header["durations"], strict=True
            ):
                if sound:
                    sound.write_until(pts * Fraction(plan.time_base))
                _place(packet, pts, duration, plan)
                packet.stream = pictures
                output.mux(packet)
            limits.renew_time()
            header, data = receive(segments)
        if sound:
            sound.finish()
    send(pipe, {"left_out": sound.left_out if sound else 0})


def _output(target: Target, plan: Plan, movie: InputContainer | None) -> OutputContainer:
    scale = Fraction(plan.time_base).denominator
    tracks = movie.streams.audio if movie else ()
    common = math.lcm(scale, *(track.rate for track in tracks if movies.is_audible(track)))
    options = {"fflags": "+bitexact", "cues_to_front": "1"}  # the latter for WebM
    if plan.container == "mp4":
        options |= {
            "movflags": "+faststart",
            "video_track_timescale": str(scale),
            "movie_timescale": str(common if common <= TIMESCALE_MAX else scale),
        }
    return av.open(
        target.written,
        "w",
        format=plan.container,
        options=options,
        buffer_size=WRITE_BYTES,
        io_open=lambda url, flags, options: target.read,
    )


def _picture_stream(output: OutputContainer, segment: bytearray, plan: Plan) -> VideoStream:
    with av.open(io.BytesIO(segment), "r") as first:
        stream = output.add_stream_from_template(first.streams.video[0], opaque=True)
    stream.time_base = Fraction(plan.time_base)
    return stream


def _packets(segment: bytearray) -> Iterator[Packet[VideoStream]]:
    with av.open(io.BytesIO(segment), "r") as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.size:
                yield packet


def _place(packet: Packet[VideoStream], pts: int, duration: int, plan: Plan) -> None:
    """Segments have no B-frames: frames are decoded in the order in which they are shown."""
    time_base = Fraction(plan.time_base)
    packet.time_base = time_base
    packet.pts = packet.dts = pts - round(Fraction(plan.origin) / time_base)
    packet.duration = duration


def _seek(movie: InputContainer, seconds: Fraction) -> None:
    """A little before this time; a format that cannot seek is read from its start."""
    with contextlib.suppress(av.error.FFmpegError):
        movie.seek(max(0, int((seconds - SEEK_BACK_SECONDS) * av.time_base)))
