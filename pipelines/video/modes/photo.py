"""Photo to life: effects that move parts of a photo, as a loop without a seam. A model may draw over what moves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import RequestError
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Course, Levels, Line, Reel, Shot
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.refining import (
    Refining,
    keys_of,
    read_refine,
    sized_like_photo,
    where_it_moves,
)
from pipelines.video.photo.loop import Loop, prepare
from pipelines.video.photo.plan import Plan

PHOTO, PLAN, MASKS, REFINE = "photo", "plan", "masks", "refine"
AGAIN = "Choose the picture again."


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Of {"photo": id, "plan": …, "masks": [id or "" of each effect], "refine": … or null}. Raises RequestError."""
    asked, refine = Plan.from_dict(settings.get(PLAN)), read_refine(settings.get(REFINE))
    photo, masks = settings.get(PHOTO), settings.get(MASKS, [])
    if not isinstance(photo, str) or not photo:
        raise RequestError(PHOTO, photo, "is no upload", "Choose a photo.")
    if not isinstance(masks, list | tuple) or len(masks) > len(asked.effects):
        raise RequestError(MASKS, masks, "is no list of masks", "Send one of each effect.")
    size = ground.size_of(PHOTO, photo)
    named = [mask if isinstance(mask, str) else "" for mask in masks]
    named += [""] * (len(asked.effects) - len(named))
    for number, mask in enumerate(named):
        if mask and ground.size_of(f"{MASKS}.{number}", mask) != size:
            why = "has another size than the photo"
            raise RequestError(f"{MASKS}.{number}", mask, why, "Paint it on this photo.")
    drawn: dict[str, Any] = {}
    if refine is not None:
        request = ground.settle_frame(sized_like_photo(ground, size))
        drawn = {"request": request, "drawings": len(keys_of(asked.frame_count, refine.spacing))}
    return Planned(
        settings={
            **{PHOTO: photo, PLAN: asked.as_dict(), MASKS: named},
            REFINE: refine and dataclasses.asdict(refine),
        },
        **drawn,
        size=size,
        frames=asked.frame_count,
        fps=asked.fps,
        uploads=tuple(dict.fromkeys(one for one in (photo, *named) if one)),
    )


@dataclass(frozen=True, eq=False)
class Living:
    """The course of a photo: any frame can be made without those before it."""

    loop: Loop
    reel: Reel

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        for frame in range(first, self.loop.frame_count):
            yield Shot(self.loop.frame(frame), frame)


def course(shoot: Shoot, line: Line) -> Course:
    """Raises RequestError for a mask that has nothing in it."""
    asked = Plan.from_dict(shoot.asked[PLAN])
    photo = _levels(shoot.inputs[shoot.asked[PHOTO]], "RGB")
    masks = [_levels(shoot.inputs[one], "L") if one else None for one in shoot.asked[MASKS]]
    loop, reel = prepare(photo, asked, masks), Reel.even(asked.fps)
    if shoot.asked.get(REFINE) is None:
        return Living(loop, reel)
    height, width = photo.shape[:2]
    return Refining(loop, where_it_moves(asked, masks, (height, width)), shoot, line, reel)


def _levels(path: str, mode: str) -> Levels:
    with Image.open(path) as picture:
        return np.asarray(picture.convert(mode))


MODE = Mode(draws=True, plan=plan, course=course)
