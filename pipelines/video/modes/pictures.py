"""Pictures: those that were sent, of which an animation takes its beginning or its colours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pipelines.video.animation import Animation
from pipelines.video.grading.colour import Reference, Space, reference_of
from pipelines.video.modes.course import Levels
from pipelines.video.modes.mode import Ground
from pipelines.video.motion.camera import Size

# What counts in each mode of an animation.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "2d": ("init_image", "colour_image"),
    "morph": ("init_image",),
    "movie": ("colour_image",),
}
SPACES: Mapping[str, Space] = {"hsv": "HSV", "lab": "LAB", "rgb": "RGB"}


def uploads(animation: Animation, ground: Ground) -> tuple[str, ...]:
    """The ids of those that count. Raises RequestError that names the field of what is no upload."""
    given = {name: getattr(animation, name) for name in FIELDS[animation.mode]}
    found = {name: image for name, image in given.items() if image}
    for name, image in found.items():
        ground.size_of(f"animation.{name}", image)
    return tuple(dict.fromkeys(found.values()))


def filling(picture: Image.Image, size: Size) -> Levels:
    """Its middle, in this size."""
    return np.asarray(ImageOps.fit(picture.convert("RGB"), size))


def opened(path: str | Path, size: Size) -> Levels:
    """Likewise, of a file."""
    with Image.open(path) as picture:
        return filling(picture, size)


def space_of(animation: Animation) -> Space | None:
    """The space in which colours are held; None: they are not."""
    return SPACES.get(animation.colour_coherence)


def colours_of(animation: Animation, path: str | Path, size: Size) -> Reference | None:
    """What frames are held to where a picture says it."""
    space = space_of(animation)
    return None if space is None else reference_of(opened(path, size), space)
