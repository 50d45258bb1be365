"""Opens a movie from a file that is already open: by an allowed format, and with no way to any other file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NoReturn, TypeVar

import av
import av.error
import av.subtitles.codeccontext  # PyAV imports it when it meets subtitles: then no file can be opened
import av.subtitles.stream
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpegts,mpeg,flv,ogg,asf,m4v"
# FFmpeg has hundreds; these are what cameras, phones, browsers and editors write.
DECODERS = (
    *("h264", "hevc", "av1", "libdav1d", "libaom-av1", "vp8", "vp9", "libvpx", "libvpx-vp9"),
    *("mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "h263", "theora"),
    *(
        "wmv1",
        "wmv2",
        "wmv3",
        "vc1",
        "flv",
        "mjpeg",
        "dvvideo",
        "prores",
        "dnxhd",
        "qtrle",
        "cinepak",
    ),
    *("ffv1", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "png", "apng", "gif"),
)
READ_BYTES = 1 << 18
PIXELS_MAX = 8192 * 4320
SECONDS_MAX = 6 * 3600
ANOTHER = "Send an MP4, MOV, WebM, MKV, AVI, MPEG, GIF or APNG file."
SHORTER = "Cut it into shorter parts."


AnyStream = TypeVar("AnyStream", AudioStream, VideoStream)


class Problem(Exception):
    """(message, remedy): why a movie is refused; “{name}” in the message stands for that of its file."""


def opened(file: BinaryIO) -> InputContainer:
    """The movie in a file. Raises Problem."""
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "none"}
    try:
        return av.open(
            file,
            "r",
            options=options,
            metadata_errors="replace",
            buffer_size=READ_BYTES,
            io_open=_nothing_else,
        )
    except (av.error.FFmpegError, ValueError) as error:
        why = "is no movie that we can read, or its beginning or index is missing"
        raise Problem(f"{{name}} {why} ({_short(error)}).", ANOTHER) from None


def is_audible(track: AudioStream) -> bool:
    """Whether the track can be copied or decoded; others are left out."""
    return track.codec_context is not None and bool(track.rate) and bool(track.channels)


def pictures(movie: InputContainer) -> VideoStream:
    """The stream whose frames are meant: no cover picture, no second view. Raises Problem for what cannot be read."""
    stream = movie.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        raise Problem("{name} holds sound, but no pictures.", ANOTHER)
    codec = stream.codec_context
    if codec is None or codec.name not in DECODERS:
        known = codec.name if codec else "unknown"
        raise Problem(f"{{name}} is written in a way that we cannot read ({known}).", ANOTHER)
    check_size(stream.width, stream.height)
    seconds = (movie.duration or 0) / av.time_base
    if seconds > SECONDS_MAX:
        limit = f"{SECONDS_MAX // 3600} hours are the most"
        raise Problem(f"{{name}} lasts {seconds / 3600:.1f} hours; {limit}.", SHORTER)
    return stream


def check_size(width_px: int, height_px: int) -> None:
    """Raises Problem for frames larger than 8K."""
    if width_px * height_px > PIXELS_MAX:
        why = (
            f"{{name}} has frames of {width_px:,} × {height_px:,} pixels; 8192 × 4320 are the most."
        )
        raise Problem(why, "Make it smaller in a video editor.")


def packets(movie: InputContainer, *streams: AnyStream) -> Iterator[Packet[AnyStream]]:
    """Until the file ends, also where it ends too early; the last packet is empty."""
    try:
        yield from movie.demux(*streams)  # type: ignore[misc]  # these streams' packets alone
    except av.error.FFmpegError:
        return


def frames(packet: Packet[VideoStream]) -> list[VideoFrame] | None:
    """What a packet completes; None for one that is damaged."""
    try:
        return packet.decode()
    except av.error.FFmpegError:
        return None


def _nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise PermissionError(f"{url} is another file")


def _short(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)[:80]
