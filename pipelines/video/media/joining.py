"""Joins segments to a movie, with the sound of the movie that they come from: nothing is decoded and encoded again.

The true times of the frames are those that the segments hold. MP4 keeps them to the tick; WebM rounds them to
milliseconds. Packets of sound are copied as they are where the container takes their codec, and encoded anew where it
does not. Subtitles, chapters and cover pictures are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from pipelines.output import disk
from pipelines.video.media.child import Child
from pipelines.video.media.encoders import Encoder
from pipelines.video.media.errors import MediaError
from pipelines.video.media.muxer import Plan
from pipelines.video.media.writing import Times, times_of


@dataclass(frozen=True)
class Sound:
    """The movie whose sound is wanted. `is_cut`: no more of it than there are pictures.

    Then the joined movie begins at 0; otherwise it keeps the times of its source, also where they begin later.
    """

    path: Path
    is_cut: bool


def join(
    segments: Sequence[Path], target: Path, encoder: Encoder, sound: Sound | None = None
) -> str:
    """Writes the movie, which takes the place of an older one of that name once it is whole.

    `encoder`: the one that the segments were written with. Returns a note for the user, mostly empty. Raises
    MediaError when there is no segment, or the sound cannot be read; StateDamaged for a damaged segment; DiskFull.
    """
    if not segments:
        raise MediaError("There is no frame to make a movie of.", "Wait for the first 64 frames.")
    times = [times_of(segment) for segment in segments]
    part = disk.part_of(target)
    with disk.failures_named(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(b"")
        try:
            left_out = _run(segments, times, part, sound, _plan(times, encoder, sound))
            disk.sync_file(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        disk.sync_folder(target.parent)
    return f"Tracks of sound that cannot be read, and are left out: {left_out}." if left_out else ""


def _plan(times: list[Times], encoder: Encoder, sound: Sound | None) -> Plan:
    time_base = times[0].time_base
    start = times[0].pts[0] * time_base
    stop = (times[-1].pts[-1] + times[-1].last_duration) * time_base
    is_cut = sound is not None and sound.is_cut
    return Plan(
        container=encoder.container,
        time_base=str(time_base),
        origin=str(start if is_cut else min(Fraction(0), start)),
        copied=encoder.sound,
        encoder=encoder.sound_encoder,
        sound_between=(str(start), str(stop)) if is_cut else None,
    )


def _run(
    segments: Sequence[Path], times: list[Times], part: Path, sound: Sound | None, plan: Plan
) -> int:
    asked = {**asdict(plan), "target": str(part.absolute())}
    with Child("joined", sound.path if sound else None, asked) as child:
        for segment, shown, duration in zip(segments, times, _durations(times), strict=True):
            child.send({"pts": shown.pts, "durations": duration}, segment.read_bytes())
        child.send({})
        told, _ = child.receive()
    if "errno" in told:
        raise OSError(told["errno"], "no space")
    return int(told["left_out"])


def _durations(times: list[Times]) -> Iterator[list[int]]:
    """Each frame lasts until the next one."""
    ends = [later.pts[0] for later in times[1:]] + [times[-1].pts[-1] + times[-1].last_duration]
    for one, end in zip(times, ends, strict=True):
        yield [later - earlier for earlier, later in pairwise((*one.pts, end))]
