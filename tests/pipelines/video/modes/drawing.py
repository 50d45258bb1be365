"""A drawing without a model: what a frame starts from takes on a pattern of its seed, by the strength of the change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines.video.animation import Animation
from pipelines.video.messages import Shoot
from pipelines.video.modes.animate import MODE
from pipelines.video.modes.course import Levels, Line, Start

SIZE = (96, 72)
CELLS_PX = 12  # of a pattern


class Sketchbook:
    """Keeps what was drawn, as the folder of a video does. `asked`: number → changes; `starts`: number → picture."""

    def __init__(self, kept: Mapping[int, Levels] | None = None) -> None:
        self.kept: dict[int, Levels] = dict(kept or {})
        self.asked: dict[int, Mapping[str, Any]] = {}
        self.starts: dict[int, Levels] = {}
        self.counted: list[tuple[int, int]] = []

    def draw(self, number: int, changes: Mapping[str, Any], start: Start | None) -> Levels:
        if number not in self.kept:
            pattern = patterned(changes["seed"])
            self.asked[number] = changes
            if start is None:
                self.kept[number] = pattern
            else:
                self.starts[number] = start()
                share = changes["source.strength"]
                mixed = (1 - share) * self.starts[number] + share * pattern
                self.kept[number] = np.round(mixed).astype(np.uint8)
        return self.kept[number]

    def line(self) -> Line:
        return Line(self.draw, lambda _: None, lambda *counts: self.counted.append(counts))


def patterned(seed: int) -> Levels:
    """Soft spots of colour."""
    width, height = SIZE
    cells = np.random.default_rng(seed).random((height // CELLS_PX, width // CELLS_PX, 3))
    soft = cv2.resize(cells.astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(soft * 255, 0, 255), np.uint8)


def shots(
    folder: Path,
    book: Sketchbook,
    first: int = 0,
    inputs: Mapping[str, Path] | None = None,
    **settings: Any,
) -> list[Any]:
    """All shots of an animation from this frame on."""
    animation = Animation(**settings)
    shoot = Shoot(
        mode="animate",
        asked=animation.as_dict(),
        output={},
        frames=animation.max_frames,
        until=None,
        size=SIZE,
        seed=5,
        folder=str(folder),
        inputs={name: str(path) for name, path in (inputs or {}).items()},
    )
    return list(MODE.course(shoot, book.line()).frames(first, {}))
