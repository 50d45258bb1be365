"""Loop: a photo that moves as a plan asks. Prepared once; after that each frame stands for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from pipelines.errors import RequestError
from pipelines.video.photo.flow import Stream
from pipelines.video.photo.grid import Grid, Pixels
from pipelines.video.photo.parallax import orbiting
from pipelines.video.photo.plan import Effect, Flow, Parallax, Plan, Ripple
from pipelines.video.photo.region import Region
from pipelines.video.photo.waves import rippled, swaying

SIDE_PX = (16, 4096)
PREVIEW_PX = 256


class Movement(Protocol):
    """An effect that is ready to be drawn."""

    @property
    def warnings(self) -> tuple[str, ...]: ...

    def drawn(self, picture: Pixels, moment: float) -> Pixels:
        """A new picture, (height, width, 3), as it is at this share of the loop, 0 to 1."""


@dataclass(frozen=True, eq=False)
class Loop:
    """`frame(frame_count)` is `frame(0)`, to the bit. `warnings`: sentences for the user."""

    photo: Pixels
    movements: tuple[Movement, ...]
    frame_count: int
    warnings: tuple[str, ...]

    def frame(self, number: int) -> Pixels:
        """(height, width, 3) of this frame; any whole number, since the loop has no end."""
        moment = number % self.frame_count / self.frame_count
        picture = self.photo
        for movement in self.movements:
            picture = movement.drawn(picture, moment)
        return np.ascontiguousarray(picture)


def prepare(
    photo: Pixels, plan: Plan, maps: Sequence[Any], *, longer_side_px: int | None = None
) -> Loop:
    """The loop of a photo, (height, width, 3) RGB.

    `maps`: for each effect a picture of one channel, uint8, of any size: the mask, white where it may move; of a
    Parallax the depth, white near, or None. `longer_side_px`: frames are made smaller than the photo, with the same
    motion. Raises RequestError that names e.g. "effects.0.mask", "effects.0.arrows" or "photo".
    """
    plan.check()
    _check_photo(photo)
    if len(maps) != len(plan.effects):
        remedy = "Send one for each effect, or null."
        raise RequestError("maps", len(maps), f"there are {len(plan.effects)} effects", remedy)
    drawn = _reduced(photo, longer_side_px)
    grid = Grid.of(photo.shape, drawn.shape)
    seconds = plan.frame_count / plan.fps
    movements = tuple(
        _movement(drawn, grid, seconds, (effect, given, f"effects.{number}"))
        for number, (effect, given) in enumerate(zip(plan.effects, maps, strict=True))
    )
    warnings = tuple(dict.fromkeys(text for one in movements for text in one.warnings))
    return Loop(drawn, movements, plan.frame_count, warnings)


def preview(photo: Pixels, plan: Plan, maps: Sequence[Any]) -> Loop:
    """Likewise, at a size at which frames are drawn at once."""
    return prepare(photo, plan, maps, longer_side_px=PREVIEW_PX)


def _movement(
    photo: Pixels, grid: Grid, seconds: float, asked: tuple[Effect, Any, str]
) -> Movement:
    effect, given, name = asked
    if isinstance(effect, Parallax):
        return orbiting(grid, effect, given, f"{name}.depth")
    region = Region.read(given, grid, f"{name}.mask")
    if isinstance(effect, Flow):
        return Stream.prepared(photo, region, effect, seconds, name)
    if isinstance(effect, Ripple):
        return rippled(region, effect, seconds)
    return swaying(region, effect, seconds)


def _check_photo(photo: Any) -> None:
    is_picture = isinstance(photo, np.ndarray) and photo.ndim == 3 and photo.dtype == np.uint8
    if not is_picture or photo.shape[2] != 3:
        shape = getattr(photo, "shape", type(photo).__name__)
        raise RequestError("photo", shape, "is no RGB picture of 8 bits", "Send one.")
    sides = photo.shape[:2]
    if not SIDE_PX[0] <= min(sides) <= max(sides) <= SIDE_PX[1]:
        why = f"{sides[1]} × {sides[0]} px cannot be animated"
        remedy = f"Sides of {SIDE_PX[0]} to {SIDE_PX[1]} px can: scale it."
        raise RequestError("photo", sides, why, remedy)


def _reduced(photo: Pixels, longer_side_px: int | None) -> Pixels:
    longer = max(photo.shape[:2])
    if longer_side_px is None or longer <= longer_side_px:
        return np.ascontiguousarray(photo)
    height, width = (max(1, round(side * longer_side_px / longer)) for side in photo.shape[:2])
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
