"""What a movie is, told by a child that looks at its beginning: Clip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipelines.video.media.child import Child, shown
from pipelines.video.media.errors import MediaError
from pipelines.video.media.movies import ANOTHER

START_BYTES = 4096
PLAYLIST = "is a playlist, which points to other files"
KNOWN_OTHERS = (  # beginnings of files that people take for movies, or that would lead to other files
    (rb"\s*#EXTM3U|\xef\xbb\xbf\s*#EXTM3U", PLAYLIST),
    (rb"(?i)\s*ffconcat", PLAYLIST),
    (rb"(?i)\s*\[playlist\]", PLAYLIST),
    (
        rb"(?i)\s*(?:<\?xml.{0,400}?)?(?:<!--.{0,400}?-->\s*)?<(?:MPD|SmoothStreamingMedia|smil|asx)",
        PLAYLIST,
    ),
    (rb"RIFF....WEBP", "is a WebP picture"),
    (rb"\x89PNG\r\n\x1a\n(?!.{0,2000}acTL)", "is a picture"),
    (rb"\xff\xd8\xff", "is a picture"),
    (rb"PK\x03\x04", "is a ZIP archive"),
    (rb"%PDF", "is a PDF file"),
    (rb"(?i)\s*<(?:!doctype html|html|head|body|script)", "is an HTML page"),
    (rb"[\t\n\r\x20-\x7e\x80-\xff]{16,}\Z", "is a text"),
)


@dataclass(frozen=True)
class AudioTrack:
    """One track of sound. `codec`: FFmpeg's name, e.g. "aac"; `language`: as the file has it, e.g. "deu", or ""."""

    codec: str
    channels: int
    rate: int
    language: str


@dataclass(frozen=True)
class Clip:
    """What a movie is.

    `width_px`, `height_px`: as shown, upright; the pixels may be oblong, `sample_aspect` times as wide as high.
    `time_base`: the seconds of one unit of a PTS; `start_pts`: that of the first frame. `frame_count` is an estimate
    unless `is_count_exact`. `is_variable_rate` is None where only reading all frames would tell. `bits`: of a channel.
    `turn`: how x and y of the upright picture go with those of the stored one, as the signs (xx, xy, yx, yy).
    """

    width_px: int
    height_px: int
    sample_aspect: Fraction
    turn: tuple[int, int, int, int]
    time_base: Fraction
    start_pts: int
    frame_count: int
    is_count_exact: bool
    duration_seconds: float
    average_rate: Fraction
    is_variable_rate: bool | None
    codec: str
    pixel_format: str
    bits: int
    audio: tuple[AudioTrack, ...]

    @property
    def start_seconds(self) -> Fraction:
        return self.start_pts * self.time_base

    @property
    def is_turned(self) -> bool:
        """Whether width and height of what is stored are those of the upright picture the other way round."""
        return self.turn[0] == 0

    @property
    def stored_size_px(self) -> tuple[int, int]:
        """(width, height) before it is turned upright."""
        size = (self.width_px, self.height_px)
        return size[::-1] if self.is_turned else size

    @property
    def rotation_degrees(self) -> int:
        """By how much the stored picture is turned counterclockwise to be upright: 0, 90, 180 or 270."""
        return ROTATIONS.get(self.turn, 0)


ROTATIONS = {(0, -1, 1, 0): 90, (-1, 0, 0, -1): 180, (0, 1, -1, 0): 270}


def probe(path: Path) -> Clip:
    """Looks into a file of a stranger, in a child. Raises MediaError: it is no movie, or one that we cannot read."""
    check_beginning(path)
    with Child("facts", path, {}) as child:
        told, _ = child.receive()
    sides = told["size"] if told["turn"][0] else told["size"][::-1]
    aspect = Fraction(told["sample_aspect"])
    return Clip(
        width_px=int(sides[0]),
        height_px=int(sides[1]),
        sample_aspect=aspect if told["turn"][0] else 1 / aspect,
        turn=tuple(told["turn"]),
        time_base=Fraction(told["time_base"]),
        start_pts=int(told["start_pts"]),
        frame_count=int(told["frames"]),
        is_count_exact=bool(told["is_count_exact"]),
        duration_seconds=float(told["seconds"]),
        average_rate=Fraction(told["rate"]),
        is_variable_rate=told["is_variable"],
        codec=str(told["codec"]),
        pixel_format=str(told["pixel_format"]),
        bits=int(told["bits"]),
        audio=tuple(AudioTrack(**track) for track in told["audio"]),
    )


def check_beginning(path: Path) -> None:
    """Refuses by the first bytes what is known to be no movie. Raises MediaError."""
    if not path.is_file():
        raise MediaError(f"{shown(path)} is not there.", "Choose another file.")
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if not start:
        raise MediaError(f"{shown(path)} is empty.", ANOTHER)
    for beginning, what in KNOWN_OTHERS:
        if re.match(beginning, start, re.DOTALL):
            raise MediaError(f"{shown(path)} {what}.", ANOTHER)
