"""Animate: a camera moves through pictures that are drawn one from the other, or prompts turn into each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any, cast

import numpy as np
from PIL import Image, ImageOps

from pipelines.errors import RequestError
from pipelines.video.animation import Animation, check
from pipelines.video.frame_values import FrameValues, Values, frame_values
from pipelines.video.grading.colour import Reference, Space, reference_of
from pipelines.video.grading.noise import Noise
from pipelines.video.grading.prepare import Grading, finish, prepare
from pipelines.video.grading.sharpen import Sharpening
from pipelines.video.messages import Shoot
from pipelines.video.modes.between import between
from pipelines.video.modes.course import Levels, Line, Reel, Shot, Start
from pipelines.video.modes.mode import Ground, Mode, Planned
from pipelines.video.motion.camera import Matrix, Move, Tilt, sampling_matrix
from pipelines.video.motion.warp import Border, warp

MORPH = "morph"
SPACES: Mapping[str, Space] = {"hsv": "HSV", "lab": "LAB", "rgb": "RGB"}
UPLOADS = ("init_image", "colour_image")
WIDEST_KERNEL_PX = 99
LATER = "Leave it out for now."
OPEN_LOOP = (
    "Under a camera a clip is no loop so far: the last frame does not lead into the first one."
)


def plan(settings: Mapping[str, Any], ground: Ground) -> Planned:
    """Of an Animation as JSON. Raises RequestError, also for what a schedule says at any frame."""
    assert ground.request is not None
    animation = Animation.from_dict(dict(settings))
    check(animation)
    if animation.init_video:
        raise RequestError("animation.init_video", animation.init_video, "is not read yet", LATER)
    uploads = {name: getattr(animation, name) for name in UPLOADS if getattr(animation, name)}
    for name, image in uploads.items():
        ground.size_of(f"animation.{name}", image)
    request = ground.settle(ground.request)
    values = frame_values(animation, request.seed)
    return Planned(
        settings=animation.as_dict(),
        request=request,
        size=request.size,
        frames=animation.max_frames,
        drawings=len(values.diffused),
        fps=animation.fps,
        uploads=tuple(dict.fromkeys(uploads.values())),
        warnings=(OPEN_LOOP,) if animation.is_looped and animation.mode != MORPH else (),
    )


class Animating:
    """Of each pair of drawn frames the later one is drawn from the earlier one, and those between are both of them."""

    def __init__(self, shoot: Shoot, line: Line) -> None:
        self._animation = Animation.from_dict(dict(shoot.asked))
        self._shoot, self._draw = shoot, line.draw
        self._border = cast(Border, self._animation.border)
        self._values: Values = frame_values(self._animation, shoot.seed)
        self._known: dict[int, Levels] = {}  # the last drawn frames
        self._reference: Reference | None = None
        self.reel = Reel.even(self._animation.fps)

    def frames(self, first: int, carried: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Shot]:
        for number in range(first, self._values.frame_count):
            yield Shot(self._frame(number), number)

    def _frame(self, number: int) -> Levels:
        before, after, share = self._values.at(number).between
        if before == after:
            return self._drawn(number)
        ends = self._drawn(before), self._drawn(after)
        back = np.asarray(np.linalg.inv(self._way(number, after)), np.float64)
        earlier, later = (ends[0], self._way(before, number)), (ends[1], back)
        return between(earlier, later, share, self._border)

    def _drawn(self, number: int) -> Levels:
        """A frame that the model draws, in the colours of the first one."""
        if number not in self._known:
            made = self._made(number)
            self._known = {**dict(list(self._known.items())[-1:]), number: made}
        return self._known[number]

    def _made(self, number: int) -> Levels:
        at, is_morph = self._values.at(number), self._animation.mode == MORPH
        start: Start | None = None
        changes = changes_of(at)
        if number == 0:
            start = self._opening()
            changes["source.strength"] = 1 - self._animation.init_strength
        elif not is_morph:
            start = lambda: self._prepared(at)  # noqa: E731
            changes["source.strength"] = at.denoising_strength
        if start is None:
            changes = {name: one for name, one in changes.items() if not name.startswith("source")}
        return finish(
            self._draw(number, changes, start), None if is_morph else self._colours(number)
        )

    def _opening(self) -> Start | None:
        """What the first frame starts from, if anything."""
        image = self._animation.init_image
        return (lambda: self._upload(image)) if image else None

    def _prepared(self, at: FrameValues) -> Levels:
        """The drawn frame before, as the camera sees it now, made ready to be drawn over."""
        before = self._values.at(at.frame - 1).between.before
        moved = warp(self._drawn(before), self._way(before, at.frame), self._border)
        grading = grading_of(self._animation, at)
        return prepare(moved, grading, self._colours(at.frame), self._shoot.seed, at.frame)

    def _colours(self, number: int) -> Reference | None:
        """What frames are held to: an upload's colours, or those of the first frame."""
        space = SPACES.get(self._animation.colour_coherence)
        image = self._animation.colour_image
        if space is None or (number == 0 and not image):
            return None
        if self._reference is None:
            model = self._upload(image) if image else self._drawn_first()
            self._reference = reference_of(model, space)
        return self._reference

    def _drawn_first(self) -> Levels:
        return self._known[0] if 0 in self._known else self._made(0)

    def _way(self, start: int, end: int) -> Matrix:
        """From the places of one frame to those of an earlier one."""
        moves = (
            move_of(self._animation, self._values.at(one)) for one in range(start + 1, end + 1)
        )
        matrices = (sampling_matrix(move, self._shoot.size) for move in moves)
        return reduce(np.matmul, matrices, np.eye(3))

    def _upload(self, image: str) -> Levels:
        with Image.open(self._shoot.inputs[image]) as picture:
            return np.asarray(ImageOps.fit(picture.convert("RGB"), self._shoot.size))


def changes_of(at: FrameValues) -> dict[str, Any]:
    """What of the request is another one in this frame: see Request.changed."""
    said = {
        "seed": at.seed,
        "sampling.steps": at.steps,
        "sampling.guidance_scale": at.guidance_scale,
        "clip_skip": at.clip_skip,
        "noise.variation_seed": at.variation_seed,
        "noise.variation_strength": at.variation_strength,
        "source.noise_multiplier": at.noise_multiplier,
        "sampling.sampler": at.sampler.name if at.sampler else None,
        "sampling.schedule": at.sampler.schedule if at.sampler else None,
    }
    changes: dict[str, Any] = {name: one for name, one in said.items() if one is not None}
    if at.prompt is None:
        return changes
    first, second, share = at.prompt
    changes |= {"prompt": first.positive, "negative_prompt": first.negative}
    if share:
        morph = {"prompt": second.positive, "negative_prompt": second.negative, "share": share}
        changes["morph"] = morph
    return changes


def move_of(animation: Animation, at: FrameValues) -> Move:
    """What the camera does on its way to this frame."""
    tilt = Tilt(
        theta_degrees=at.perspective_flip_theta,
        phi_degrees=at.perspective_flip_phi,
        gamma_degrees=at.perspective_flip_gamma,
        field_of_view_degrees=at.perspective_flip_fv,
    )
    return Move(
        zoom=at.zoom,
        angle_degrees=at.angle,
        translation_x_px=at.translation_x,
        translation_y_px=at.translation_y,
        centre_x=at.transform_center_x,
        centre_y=at.transform_center_y,
        tilt=tilt if animation.flips_perspective else Tilt(),
    )


def grading_of(animation: Animation, at: FrameValues) -> Grading:
    """What is done to a frame before it is drawn over."""
    noise = Noise(amount=at.noise, kind="uniform")
    if animation.noise_type == "perlin":
        noise = replace(
            noise,
            kind="perlin",
            cells_x=max(1, round(animation.perlin_width)),
            cells_y=max(1, round(animation.perlin_height)),
            octaves=animation.perlin_octaves,
            persistence=animation.perlin_persistence,
        )
    kernel_px = min(max(1, at.unsharp_kernel | 1), WIDEST_KERNEL_PX)
    has_kernel = at.unsharp_kernel > 0
    sharpening = Sharpening(
        kernel_px=kernel_px,
        sigma_px=at.unsharp_sigma,
        amount=at.unsharp_amount if has_kernel else 0.0,
        threshold=at.unsharp_threshold,
    )
    return Grading(contrast=at.contrast, sharpening=sharpening, noise=noise)


MODE = Mode(draws=True, plan=plan, course=Animating)
