"""Crops: which part of a picture is trained and at what size; the user's own, checked, or the one that loses least."""

from __future__ import annotations

from typing import Any

from pipelines.errors import RequestError
from pipelines.finetune.pictures.looking import Seen
from pipelines.finetune.pictures.sizes import Crop, crop_for, enlargement, lost, size_for

SIDE_MIN_PX = 32  # of a crop: less shows nothing at any size
SOFT_FROM = 1.15  # times enlarged
LOST_MAX = 0.1  # of what matters
KEPT_MIN = 0.75  # of the picture
BLUR_MAX = 0.72


def read_crop(field: str, given: Any) -> Crop | None:
    """The crop of a JSON value; None: it is to be proposed. Raises RequestError."""
    if given is None:
        return None
    is_list = isinstance(given, list | tuple) and len(given) == 4
    if not is_list or not all(type(one) is int for one in given):
        remedy = "Send [x, y, width, height] in px of the picture."
        raise RequestError(field, given, "are not four whole numbers", remedy)
    x, y, width, height = given
    return x, y, width, height


def propose(
    field: str, seen: Seen, own: Crop | None, resolution: int
) -> tuple[Crop, tuple[int, int]]:
    """(the part that is trained, its size in px). Of the user's own it is the most that has the sides of a size.

    Raises RequestError for a crop that leaves the picture or is too small, and for a picture that is.
    """
    if own is None:
        _check_side(field, "image", (seen.width, seen.height))
        size = size_for(seen.width, seen.height, resolution)
        crop = crop_for((seen.width, seen.height), size, seen.focus)
        return crop, size
    _check_own(field, seen, own)
    x, y, width, height = own
    size = size_for(width, height, resolution)
    inner = crop_for((width, height), size, (0, 0, width, height))
    return (x + inner[0], y + inner[1], inner[2], inner[3]), size


def warnings(seen: Seen, crop: Crop, size: tuple[int, int], is_own: bool) -> list[str]:
    """What its owner should know of it, each a sentence."""
    found = []
    times = enlargement(crop, size)
    if times >= SOFT_FROM:
        what = "The crop" if is_own else "It"
        trained = f"trained at {size[0]} x {size[1]}"
        found.append(f"{what} is only {crop[2]} x {crop[3]} px, {trained}: it will look soft.")
    elif seen.blur > BLUR_MAX:
        found.append("It looks blurred, and blur is learned, too.")
    kept = crop[2] * crop[3] / (seen.width * seen.height)
    if not is_own and kept < KEPT_MIN:
        found.append(f"It is so long that only {max(1, round(100 * kept))} % of it is trained.")
    elif not is_own and lost(crop, seen.focus) > LOST_MAX:
        what = "a face" if seen.has_face else "what it shows"
        found.append(f"Part of {what} lies outside the crop.")
    return found


def _check_own(field: str, seen: Seen, own: Crop) -> None:
    x, y, width, height = own
    is_inside = x >= 0 and y >= 0 and x + width <= seen.width and y + height <= seen.height
    if width < 1 or height < 1 or not is_inside:
        why = f"does not lie inside the picture of {seen.width} x {seen.height} px"
        remedy = "Send [x, y, width, height] in px, or leave it out."
        raise RequestError(f"{field}.crop", list(own), why, remedy)
    _check_side(field, "crop", (width, height))


def _check_side(field: str, part: str, sides: tuple[int, int]) -> None:
    """A picture of 20,000 x 10 px is as little use as one of 10 x 10."""
    if min(sides) >= SIDE_MIN_PX:
        return
    remedy = "Take it out." if part == "image" else f"Use {SIDE_MIN_PX} px or more."
    why = f"is only {sides[0]} x {sides[1]} px, too small to show anything"
    raise RequestError(f"{field}.{part}", f"{sides[0]} x {sides[1]} px", why, remedy)
