"""Sketching: what a video will be, small and at once: curves of its schedules, its camera, a photo that moves.

Nothing here waits for the worker, and nothing is kept.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import RequestError
from pipelines.video.animation import LANES, Animation, check, lane, prompt_keys, samplers
from pipelines.video.frame_values import frame_values
from pipelines.video.modes.course import Levels
from pipelines.video.modes.one_frame import move_of
from pipelines.video.modes.pictures import opened
from pipelines.video.motion.preview import preview as camera_preview
from pipelines.video.photo.loop import preview as photo_preview
from pipelines.video.photo.plan import Plan
from pipelines.video.schedules import curves, edits
from pipelines.video.schedules.curves import Clip
from pipelines.video.schedules.keyframes import Schedule

POINTS_MAX = 600  # of a curve that is shown
FRAMES_MAX = 150  # of a sketch that moves
SIDE_PX = 256
WEBP: dict[str, Any] = {"format": "WEBP", "quality": 70, "method": 0, "loop": 0}

Edit = Callable[[Schedule, Clip, Mapping[str, Any]], str]
EDITS: Mapping[str, Edit] = {
    "set": lambda one, clip, asked: edits.with_value(one, asked["index"], asked["value"]),
    "add": lambda one, clip, asked: edits.with_key(one, clip, asked["at"], asked["value"]),
    "move": lambda one, clip, asked: edits.moved(one, clip, asked["index"], asked["at"]),
    "delete": lambda one, clip, asked: edits.without(one, asked["index"]),
}
TYPES = {"index": int, "at": int, "value": str}


@dataclass(frozen=True)
class Sketcher:
    """`path_of(field, upload)`: of a picture. Raises RequestError that names the field of what is no upload.

    `turn` is held while frames are computed, so that many who look at once do not slow down everything else.
    """

    path_of: Callable[[str, str], Path]
    turn: AbstractContextManager[Any]

    def curves(self, settings: Any, seed: int) -> dict[str, Any]:
        """Each schedule by itself: its values at up to 600 frames, its keys, and what is wrong with it."""
        animation = Animation.from_dict(settings)
        clip = Clip(max(1, animation.max_frames), seed, animation.fps)
        at = np.unique(np.linspace(0, clip.frame_count - 1, POINTS_MAX).astype(int))
        lanes = {name: _curve(animation, name, clip, at) for name in LANES}
        others: Mapping[str, Callable[[Animation], object]] = {
            "sampler": samplers,
            "prompts": prompt_keys,
        }
        wrong = {name: _wrong(partial(read, animation)) for name, read in others.items()}
        return {"frames": at.tolist(), "lanes": lanes, "errors": wrong}

    def edited(self, settings: Any, seed: int, asked: Mapping[str, Any]) -> str:
        """The text of a schedule in which one key was set, added, moved or deleted. Raises RequestError."""
        animation = Animation.from_dict(settings)
        field, verb = str(asked.get("lane")), str(asked.get("verb"))
        if field not in LANES:
            raise RequestError("lane", field, "is no schedule", "Send the name of one.")
        if verb not in EDITS:
            raise RequestError("verb", verb, "is not known", f"Use {', '.join(EDITS)}.")
        for name, kind in TYPES.items():
            if name in asked and type(asked[name]) is not kind:
                raise RequestError(name, asked[name], "cannot be used", "See the documentation.")
        schedule = lane(animation, field)
        if schedule is None:
            raise RequestError("lane", field, "is left to the form", "Write a value first.")
        try:
            return EDITS[verb](schedule, Clip(animation.max_frames, seed, animation.fps), asked)
        except (KeyError, IndexError) as error:
            raise RequestError(
                "index", asked.get("index"), f"is no key ({error})", "Read them again."
            ) from None

    def camera(self, settings: Any, size: tuple[int, int], seed: int) -> bytes:
        """The way of the camera over the first picture, or a grid, as an animated WebP. Raises RequestError."""
        animation = Animation.from_dict(settings)
        check(animation)
        values = frame_values(animation, seed)
        count = min(values.frame_count, FRAMES_MAX)
        moves = [move_of(animation, values.at(number)) for number in range(count)]
        picture = self._picture(animation.init_image, size) if animation.init_image else None
        with self.turn:
            sketch = camera_preview(moves, size, animation.border, picture)  # type: ignore[arg-type]
            return _moving(map(sketch.frame, range(count)), animation.fps)

    def photo(self, plan: Any, photo: str, masks: list[str]) -> bytes:
        """A photo as it will move, as an animated WebP. Raises RequestError."""
        asked = Plan.from_dict(plan)
        picture = self._levels("photo", photo, "RGB")
        maps = [
            self._levels(f"masks.{n}", one, "L") if one else None for n, one in enumerate(masks)
        ]
        with self.turn:
            loop = photo_preview(picture, asked, maps)
            every = -(-loop.frame_count // FRAMES_MAX)
            return _moving(map(loop.frame, range(0, loop.frame_count, every)), asked.fps / every)

    def _picture(self, image: str, size: tuple[int, int]) -> Levels:
        return opened(self.path_of("animation.init_image", image), size)

    def _levels(self, field: str, image: str, mode: str) -> Levels:
        with Image.open(self.path_of(field, image)) as picture:
            return np.asarray(picture.convert(mode))


def _curve(animation: Animation, name: str, clip: Clip, at: Any) -> dict[str, Any]:
    row = LANES[name]
    shown: dict[str, Any] = {
        "bounds": list(row.bounds),
        "unit": row.unit,
        "values": None,
        "keys": [],
    }
    try:
        schedule = lane(animation, name)
        if schedule is None:
            return shown | {"error": None}
        placed = zip(curves.frames(schedule, clip), schedule.keys, strict=True)
        shown["keys"] = [
            {
                "frame": frame,
                "value": key.value,
                "position": key.position,
                "is_number": key.is_number,
            }
            for frame, key in placed
        ]
        values = curves.values(schedule, clip, row.bounds)
        return shown | {"values": values[at].round(6).tolist(), "error": None}
    except RequestError as error:
        return shown | {"error": error.as_dict()}


def _wrong(read: Callable[[], object]) -> dict[str, Any] | None:
    try:
        read()
    except RequestError as error:
        return error.as_dict()
    return None


def _moving(frames: Iterable[Levels], fps: float) -> bytes:
    first, *others = map(Image.fromarray, frames)
    stream, duration_ms = io.BytesIO(), max(1, round(1000 / fps))
    first.save(stream, save_all=True, append_images=others, duration=duration_ms, **WEBP)
    return stream.getvalue()


def animation_defaults() -> dict[str, Any]:
    """What the page begins with: as nothing is said, but for what suits the checkpoint, and what suits a movie."""
    return dataclasses.replace(Animation(), guidance_scale="", keeps_times=True).as_dict()
