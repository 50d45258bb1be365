"""Sizes that pictures are trained at, and the part of a picture that is cut out for one. Plain numbers.

Aspect buckets, as NovelAI described them in 2022 and kohya's trainer has them: every picture goes into the one of some
sizes of about equal area whose sides are most like its own.
"""

from __future__ import annotations

import math

Box = tuple[float, float, float, float]  # left, top, right, bottom in px
Crop = tuple[int, int, int, int]  # x, y, width, height in px

STEP_PX = 64
ASPECT = (0.5, 2.0)  # width through height


def sizes(resolution: int) -> tuple[tuple[int, int], ...]:
    """(width, height) in px, the narrowest first: in steps of 64, none with more pixels than `resolution` squared.

    `resolution`: a multiple of 64. Of each width the tallest size, of each height the widest.
    """
    area = resolution**2
    sides = range(STEP_PX, 2 * resolution + 1, STEP_PX)
    tallest = {(side, area // side // STEP_PX * STEP_PX) for side in sides}
    both = tallest | {(height, width) for width, height in tallest}
    fitting = (one for one in both if one[1] and ASPECT[0] <= one[0] / one[1] <= ASPECT[1])
    return tuple(sorted(fitting, key=lambda one: one[0] / one[1]))


def size_for(width: int, height: int, resolution: int) -> tuple[int, int]:
    """The size that least is cut off for; of equal ones the largest."""
    wanted = math.log(width / height)

    def strangeness(size: tuple[int, int]) -> tuple[float, int]:
        return round(abs(math.log(size[0] / size[1]) - wanted), 6), -size[0] * size[1]

    return min(sizes(resolution), key=strangeness)


def crop_for(picture: tuple[int, int], size: tuple[int, int], focus: Box) -> Crop:
    """The largest part of a picture (width, height) with the sides of a size: round the middle of what matters.

    It ends at the picture's edges, and at least one of its sides is the picture's.
    """
    width, height = picture
    share = min(width / size[0], height / size[1])
    wide, tall = (
        max(1, min(side, round(wanted * share))) for side, wanted in zip(picture, size, strict=True)
    )
    left = _start((focus[0] + focus[2]) / 2, wide, width)
    top = _start((focus[1] + focus[3]) / 2, tall, height)
    return left, top, wide, tall


def _start(middle: float, length: int, whole: int) -> int:
    return min(max(0, round(middle - length / 2)), whole - length)


def enlargement(crop: Crop, size: tuple[int, int]) -> float:
    """How many times larger than it is the crop is trained; below 1 it is made smaller."""
    return max(size[0] / crop[2], size[1] / crop[3])


def lost(crop: Crop, focus: Box) -> float:
    """Share of what matters that lies outside the crop: 0 … 1."""
    across = min(focus[2], crop[0] + crop[2]) - max(focus[0], crop[0])
    down = min(focus[3], crop[1] + crop[3]) - max(focus[1], crop[1])
    whole = (focus[2] - focus[0]) * (focus[3] - focus[1])
    return 1 - max(0.0, across) * max(0.0, down) / whole if whole > 0 else 0.0
