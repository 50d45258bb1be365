"""Courses for tests: a movie on the disk, and a model that is a function of what it starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Line, Start
from tests.pipelines.video.desk import movies


@dataclass
class Model:
    """`paint` makes the frame of what it starts from; a frame that was drawn is known, as on the disk of a video."""

    paint: Callable[[Levels], Levels]
    known: dict[int, Levels] = field(default_factory=dict)
    starts: dict[int, Levels] = field(default_factory=dict)
    masks: dict[int, Levels | None] = field(default_factory=dict)
    counted: tuple[int, int] = (0, 0)

    @property
    def line(self) -> Line:
        return Line(self._draw, lambda text: None, self._count)

    def _draw(
        self,
        frame: int,
        changes: Mapping[str, Any],
        start: Start | None,
        mask: Levels | None = None,
    ) -> Levels:
        if frame not in self.known:
            assert start is not None
            self.starts[frame], self.masks[frame] = start(), mask
            self.known[frame] = self.paint(self.starts[frame])
        return self.known[frame]

    def _count(self, frames: int, drawings: int) -> None:
        self.counted = frames, drawings


def negative(picture: Levels) -> Levels:
    """Nothing stays as it was."""
    return np.asarray(255 - picture, np.uint8)


def shoot_of(folder: Path, movie: bytes, **asked: Any) -> Shoot:
    """A movie that is to be made into something else; other inputs lie in the folder under their ids."""
    (folder / "m.movie").write_bytes(movie)
    inputs = {path.stem: str(path) for path in folder.iterdir()}
    return Shoot(
        mode="",
        asked={"movie": "m"} | asked,
        output={},
        frames=0,
        until=None,
        size=movies.SIZE,
        seed=3,
        folder=str(folder),
        inputs=inputs,
    )
