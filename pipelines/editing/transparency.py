"""Pictures with transparency: a model paints on them as on white paper, and what it did not touch stays transparent."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipelines.editing.masks import Levels


def is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands()


def transparent_again(
    done: Levels, alpha: Levels, picture: Image.Image, corner: tuple[int, int]
) -> Levels:
    """(height, width, 4): the old pixels where `alpha` is 0, the painted ones as opaque as they were painted.

    done (height, width, 3), alpha (height, width): the finished picture and where it was painted. `corner`: where the
    old picture lies in it; what was added around it was clear.
    """
    left, top = corner
    old = np.zeros((*alpha.shape, 4), np.uint8)
    old[top : top + picture.height, left : left + picture.width] = np.asarray(
        picture.convert("RGBA")
    )
    opacity = np.maximum(old[..., 3], alpha)
    return np.where(alpha[..., None] == 0, old, np.dstack([done, opacity]))
