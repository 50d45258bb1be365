"""Animate: a camera moves through pictures that are drawn one from the other, or prompts turn into each other.

The frames of a movie can be what they begin with: see from_movie.py. In a loop the first frame follows the last one:
its number is that of the frame behind the last, from which frames before it are made as from any drawn one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, cast

import numpy as np

from pipelines.video.animation import MOVIE, Animation, check
from pipelines.video.frame_values import FrameValues, Values, frame_values
from pipelines.video.grading.colour import Reference, reference_of
from pipelines.video.grading.prepare import finish, prepare
from pipelines.video.messages import Shoot
from pipelines.video.modes import from_movie
from pipelines.video.modes.between import between
from pipelines.video.modes.course import Course, Levels, Line, Reel, Shot, Start
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.modes.one_frame import changes_of, grading_of, move_of
from pipelines.video.modes.pictures import colours_of, opened, space_of, uploads
from pipelines.video.motion.camera import Matrix, sampling_matrix
from pipelines.video.motion.warp import Border, warp

MORPH = "morph"
UNUSED = "The movie is not used: it counts in the mode movie alone."


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Of an Animation as JSON. Raises RequestError, also for what a schedule says at any frame."""
    assert ground.request is not None
    animation = Animation.from_dict(dict(settings))
    check(animation)
    if animation.mode == MOVIE:
        return from_movie.plan(animation, ground)
    images = uploads(animation, ground)
    request = ground.settle(ground.request)
    values = frame_values(animation, request.seed)
    return Planned(
        settings=animation.as_dict(),
        request=request,
        size=request.size,
        frames=animation.max_frames,
        drawings=len(values.diffused),
        fps=animation.fps,
        uploads=images,
        warnings=(UNUSED,) if animation.init_video else (),
    )


def course(shoot: Shoot, line: Line) -> Course:
    animation = Animation.from_dict(dict(shoot.asked))
    made = from_movie.FromMovie if animation.mode == MOVIE else Animating
    return made(animation, shoot, line)


class Animating:
    """Of each pair of drawn frames the later one is drawn from the earlier one, and those between are both of them."""

    def __init__(self, animation: Animation, shoot: Shoot, line: Line) -> None:
        self._animation, self._shoot, self._draw = animation, shoot, line.draw
        self._border = cast(Border, animation.border)
        self._values: Values = frame_values(animation, shoot.seed)
        self._known: dict[int, Levels] = {}  # the first drawn frame, and the last two
        self._reference: Reference | None = None
        self.reel = Reel.even(animation.fps)

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        for number in range(first, self._values.frame_count):
            yield Shot(self._frame(number), number)

    def _frame(self, number: int) -> Levels:
        before, after, share = self._values.at(number).between
        if before == after:
            return self._drawn(number)
        return self._both(number, before, after, share)

    def _both(self, number: int, before: int, after: int, share: float) -> Levels:
        """What is seen at a frame of an earlier drawn one and of a later one, blended."""
        ends = self._drawn(before), self._drawn(after)
        back = np.asarray(np.linalg.inv(self._way(number, after)), np.float64)
        earlier, later = (ends[0], self._way(before, number)), (ends[1], back)
        return between(earlier, later, share, self._border)

    def _drawn(self, number: int) -> Levels:
        """A frame that the model draws, in the colours of the first one."""
        number %= self._values.frame_count
        if number not in self._known:
            made = self._made(number)
            kept = (0, *[one for one in self._known if one][-1:])
            self._known = {one: self._known[one] for one in kept if one in self._known}
            self._known[number] = made
        return self._known[number]

    def _made(self, number: int) -> Levels:
        at, is_morph = self._values.at(number), self._animation.mode == MORPH
        start, changes = self._start(at), changes_of(at)
        if start is None:
            changes = {name: one for name, one in changes.items() if not name.startswith("source")}
        elif number == 0 or is_morph:
            changes["source.strength"] = 1 - self._animation.init_strength
        else:
            changes["source.strength"] = at.denoising_strength
        return finish(
            self._draw(number, changes, start), None if is_morph else self._colours(number)
        )

    def _start(self, at: FrameValues) -> Start | None:
        """What a drawn frame starts from, if anything."""
        if at.frame and self._animation.mode != MORPH:
            return lambda: self._prepared(at)
        image = self._animation.init_image
        return (lambda: opened(self._shoot.inputs[image], self._shoot.size)) if image else None

    def _prepared(self, at: FrameValues) -> Levels:
        """The drawn frame before, as the camera sees it now, made ready to be drawn over."""
        before = self._values.at(at.frame - 1).between.before
        seen = self._seen(before, at)
        grading = grading_of(self._animation, at)
        return prepare(seen, grading, self._colours(at.frame), self._shoot.seed, at.frame)

    def _seen(self, before: int, at: FrameValues) -> Levels:
        """In a loop with more and more of the first frame, as it is seen before the camera comes to it."""
        if not at.closing:
            return warp(self._drawn(before), self._way(before, at.frame), self._border)
        return self._both(at.frame, before, self._values.frame_count, at.closing)

    def _colours(self, number: int) -> Reference | None:
        """What frames are held to: an upload's colours, or those of the first frame."""
        animation, image = self._animation, self._animation.colour_image
        space = space_of(animation)
        if space is None or (number == 0 and not image):
            return None
        if self._reference is None and image:
            path = self._shoot.inputs[image]
            self._reference = colours_of(animation, path, self._shoot.size)
        elif self._reference is None:
            self._reference = reference_of(self._drawn(0), space)
        return self._reference

    def _way(self, start: int, end: int) -> Matrix:
        """From the places of one frame to those of an earlier one; behind the last one comes the first one."""
        count = self._values.frame_count
        places = (self._values.at(one % count) for one in range(start + 1, end + 1))
        moves = (move_of(self._animation, at) for at in places)
        matrices = (sampling_matrix(move, self._shoot.size) for move in moves)
        return reduce(np.matmul, matrices, np.eye(3))


MODE = Mode(draws=True, plan=plan, course=course)
