"""How movies can be written: a row for each encoder, which of them this PyAV has, and which is taken for another.

The wheels of PyAV hold x264, which is under the GPL; a PyAV built without it still writes VP9 or AV1.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.video.stream import VideoStream

from pipelines.errors import RequestError

PIXEL_FORMAT = "yuv420p"  # what every browser plays
QUIET = ("SVT_LOG", "1")  # SVT-AV1 would write twenty lines about every segment
THREADS = 2  # always as many: x264 writes other bytes with more
BT709, LIMITED = 1, 1


@dataclass(frozen=True)
class Encoder:
    """A row of ENCODERS.

    `library`: FFmpeg's name of the encoder. `crf`: constant rate factors for small, good and best. `options`: its own.
    `sound`: audio codecs that the container takes as they are; all others are encoded with `sound_encoder`.
    """

    name: str
    label: str
    container: str
    suffix: str
    library: str
    crf: tuple[int, int, int]
    options: dict[str, str]
    sound: tuple[str, ...]
    sound_encoder: str


QUALITIES = ("small", "good", "best")  # the order of Encoder.crf
MP4_SOUND = ("aac", "mp3", "ac3", "eac3", "opus", "flac", "alac")
WEBM_SOUND = ("opus", "vorbis")
X264 = {"preset": "medium", "bf": "0", "rc-lookahead": "10"}  # 40, as usual, takes twice the memory
SVT_AV1 = {"preset": "8", "svtav1-params": "lp=2:pred-struct=1"}  # low delay
# None has frames that are shown in another order than they are written in, so that segments can simply be put together.
ENCODERS = (
    Encoder(
        "h264", "MP4 (H.264)", "mp4", ".mp4", "libx264", (27, 18, 6),
        X264, MP4_SOUND, "aac",
    ),
    Encoder(
        "vp9", "WebM (VP9)", "webm", ".webm", "libvpx-vp9", (40, 28, 8),
        {"b": "0", "deadline": "good", "cpu-used": "4", "auto-alt-ref": "0", "lag-in-frames": "0"},
        WEBM_SOUND, "libopus",
    ),
    Encoder("av1", "MP4 (AV1)", "mp4", ".mp4", "libsvtav1", (45, 30, 8), SVT_AV1, MP4_SOUND, "aac"),
    Encoder(
        "av1-webm", "WebM (AV1)", "webm", ".webm", "libsvtav1", (45, 30, 8), SVT_AV1,
        WEBM_SOUND, "libopus",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """What all pictures of a movie have in common.

    `width_px`, `height_px`: their true size; `time_base`: the seconds of one unit of their times; `rate`: frames a
    second, about; `quality`: one of QUALITIES; `sample_aspect`: width of a pixel by its height.
    """

    encoder: Encoder
    width_px: int
    height_px: int
    time_base: Fraction
    rate: Fraction
    quality: str = "good"
    sample_aspect: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        """Raises RequestError for an unknown quality."""
        if self.quality not in QUALITIES:
            remedy = f"Choose one of {', '.join(QUALITIES)}."
            raise RequestError("quality", self.quality, "is no quality of movies", remedy)


def available() -> tuple[Encoder, ...]:
    """The rows that this PyAV can write, in the order in which one stands in for another."""
    return tuple(encoder for encoder in ENCODERS if _is_there(encoder.library))


def choose(wanted: str, among: Collection[Encoder]) -> Encoder:
    """The encoder of this name, or the first there is. Raises RequestError for an unknown name, and without any."""
    if wanted not in {encoder.name for encoder in ENCODERS}:
        names = ", ".join(encoder.name for encoder in ENCODERS)
        raise RequestError(
            "encoder", wanted, "is no way to write movies", f"Choose one of {names}."
        )
    if not among:
        raise RequestError("encoder", wanted, "cannot be written here", "Install PyAV from PyPI.")
    return next((encoder for encoder in among if encoder.name == wanted), next(iter(among)))


def even(side_px: int) -> int:
    """The side of what is stored: 4:2:0 has one colour for two pixels."""
    return side_px + side_px % 2


def picture_stream(output: OutputContainer, form: Form) -> VideoStream:
    """A new stream that encodes frames with the PTS 0, 1, 2, …; the true times are said where segments are joined."""
    encoder = form.encoder
    os.environ.setdefault(*QUIET)
    crf = encoder.crf[QUALITIES.index(form.quality)]
    stream = output.add_stream(encoder.library, rate=form.rate)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = even(form.width_px), even(form.height_px)
    stream.pix_fmt = PIXEL_FORMAT
    context = stream.codec_context
    context.options = {"crf": str(crf), **encoder.options}
    context.time_base = 1 / form.rate
    context.thread_count, context.thread_type = THREADS, "FRAME"
    context.sample_aspect_ratio = form.sample_aspect
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED
    context.open()
    _leave_real_time()
    return stream


def _leave_real_time() -> None:
    """SVT-AV1 of root, as in a container, puts itself and who opens it before everything else on the machine.

    Worker and server would stand still while it encodes. Linux alone has threads that can be asked for.
    """
    for thread in Path("/proc/self/task").glob("*"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            if os.sched_getscheduler(int(thread.name)) == os.SCHED_FIFO:
                os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def _is_there(library: str) -> bool:
    if library not in av.codecs_available:
        return False
    try:
        return Codec(library, "w").is_encoder
    except UnknownCodecError:
        return False
