"""Watching: how steady the frames of a movie are beside those of its source, told while they are made."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.video.modes.course import Levels, Shot
from pipelines.video.steady.flow import motions
from pipelines.video.steady.measures import Consistency, Step, cut, watched

SIDE_PX = 256  # of the small copies that are compared


class Watching:
    """Of what was seen since the process began; what is not made of a movie has no score."""

    def __init__(self) -> None:
        self._so_far = Consistency()
        self._before: tuple[Levels, Levels] | None = None  # source and frame, small

    @property
    def score(self) -> float | None:
        """0 … 100, 100 as steady as the source; None while there is nothing to compare."""
        return round(self._so_far.score, 1) if self._so_far.steps else None

    def see(self, shot: Shot) -> None:
        """The next frame."""
        if shot.source is None:
            return
        before, now = self._before, (_small(shot.source), _small(shot.pixels))
        self._before = now
        if before is None or shot.is_cut:
            self._so_far = cut(self._so_far)
            return
        motion, _ = motions(now[0], before[0], "fast")
        step = Step(source_before=before[0], source=now[0], before=before[1], frame=now[1])
        self._so_far = watched(self._so_far, step, motion)


def _small(pixels: Levels) -> Levels:
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
