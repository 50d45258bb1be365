"""Shooting: a video is made frame after frame into segments, each whole on the disk; in the end they are joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.video.media.encoders import Encoder, Form, available
from pipelines.video.media.joining import Sound, join
from pipelines.video.media.writing import (
    SEGMENT_FRAMES,
    SegmentWriter,
    segments,
    times_of,
    whole_frames,
)
from pipelines.video.messages import Counted, Drawn, Framed, Said, Shoot, Wanted
from pipelines.video.modes.course import Course, Levels, Line, Shot, Start
from pipelines.video.modes.modes import MODES
from pipelines.video.output import Output
from pipelines.video.shooting.folder import Folder
from pipelines.video.shooting.looping import as_loop
from pipelines.video.shooting.watching import Watching
from pipelines.video.video import Film

STRIP_FRAMES = 60  # that the strip has, about
FILM = "film"


class Shooting:
    """Goes on from what is on the disk. A segment that was begun is made anew, from drawn frames that are there."""

    def __init__(self, connection: Connection, shoot: Shoot) -> None:
        self._connection, self._shoot = connection, shoot
        self._folder = Folder(Path(shoot.folder))
        self._drawn = self._folder.keys_count
        self._watching = Watching()
        self._shown_every = max(1, shoot.frames // STRIP_FRAMES)

    def run(self) -> dict[str, Any]:
        """The fields of the Film. Raises StudioError."""
        output = Output.from_dict(dict(self._shoot.output))
        encoder, quality = output.encoder(available())
        line = Line(self.draw, self.say, self.count)
        course = MODES[self._shoot.mode].course(self._shoot, line)
        reel, (width, height) = course.reel, self._shoot.size
        kind = (reel.time_base, reel.rate, quality, reel.sample_aspect)
        self._write(course, Form(encoder, width, height, *kind))
        self.say("putting it together")
        film = self._joined(encoder, reel.sound)
        if output.is_loop:
            film = as_loop(self._folder.path, film, output.format)
        if self._shoot.until is None:
            self._folder.clear_away()
        return asdict(film)

    def say(self, text: str) -> None:
        """What is done now, in words."""
        self._connection.send(Said(text))

    def count(self, frames: int, drawings: int) -> None:
        """How many there are."""
        self._shown_every = max(1, frames // STRIP_FRAMES)
        self._connection.send(Counted(frames, drawings))

    def draw(
        self,
        frame: int,
        changes: Mapping[str, Any],
        start: Start | None,
        mask: Levels | None = None,
    ) -> Levels:
        """See Draw in course.py."""
        known = self._folder.key(frame)
        if known is not None:
            return known
        path = "" if start is None else str(self._folder.keep_start(start()))
        where = "" if mask is None else str(self._folder.keep_mask(mask))
        self._connection.send(Wanted(frame, dict(changes), path, where))
        drawn: Drawn = self._connection.recv()
        pixels = np.frombuffer(drawn.data, np.uint8).reshape(drawn.height, drawn.width, 3)
        self._folder.keep_key(frame, pixels)
        self._drawn += 1
        return pixels

    def _write(self, course: Course, form: Form) -> None:
        folder, first = self._folder, whole_frames(self._folder.segments)
        with SegmentWriter(folder.segments, form, first) as writer:
            for frame, shot in self._shots(course, first):
                if (frame + 1) % SEGMENT_FRAMES == 0 and shot.carried:
                    folder.keep_carried(frame + 1, shot.carried)
                writer.write(shot.pixels, shot.pts, shot.duration)
                if frame % self._shown_every == 0:
                    folder.show(frame, shot.pixels)
                self._watching.see(shot)
                self._connection.send(Framed(frame + 1, self._drawn, self._watching.score))

    def _shots(self, course: Course, first: int) -> Iterator[tuple[int, Shot]]:
        until = self._shoot.until
        left = None if until is None else max(0, until - first)
        return enumerate(islice(course.frames(first, self._folder.carried(first)), left), first)

    def _joined(self, encoder: Encoder, sound: Sound | None) -> Film:
        parts, is_whole = segments(self._folder.segments), self._shoot.until is None
        target = self._folder.path / f"{FILM}{encoder.suffix}"
        join(parts, target, encoder, sound and Sound(sound.path, sound.is_cut or not is_whole))
        times = [times_of(part) for part in parts]
        end = times[-1].pts[-1] + times[-1].last_duration - times[0].pts[0]
        return Film(
            file=target.name,
            media_type=f"video/{encoder.container}",
            width=self._shoot.size[0],
            height=self._shoot.size[1],
            frames=sum(len(one.pts) for one in times),
            seconds=float(end * times[0].time_base),
            size_bytes=target.stat().st_size,
        )
