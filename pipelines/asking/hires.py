"""Hires fix: a picture is enlarged when it is done, and gets its details in a second pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from pipelines.asking.sampling import GUIDANCE, STEPS
from pipelines.editing.geometry import FULLEST
from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.samplers import AUTOMATIC, sampler_named, schedule_named
from pipelines.upscalers import find_upscaler

SCALE = (1.0, 8.0)
STRENGTH = (0.0, 1.0)
SIDE_PX = (64, 4096)
PIXELS_MAX = 4096 * 4096
WEAKEST = 0.01  # less would make a schedule of more than 100 times the steps, of which nobody could see any
CELL_PX = 8  # of the latents of all families


@dataclass(frozen=True, kw_only=True)
class Hires:
    """What is None or empty is as in the first pass."""

    scale: float = 2.0  # counts where neither width nor height is given
    width: int | None = None  # px; one alone: the other follows; both: cover, then cut
    height: int | None = None
    upscaler: str = "Latent"  # a row of pipelines/upscalers.py, or the name of a file
    steps: int | None = None  # that the second pass takes
    strength: float = 0.7
    sampler: str | None = None
    schedule: str | None = None
    guidance_scale: float | None = None
    prompt: str = ""
    negative_prompt: str = ""
    checkpoint: str | None = None


def with_names(hires: Hires, checkpoint: str) -> Hires:
    """With names as their tables have them; what is not said is as in the first pass, and stays unsaid.

    `checkpoint`: of the first pass. Raises RequestError that names "hires.sampler" or "hires.schedule".
    """
    sampler, schedule_in_name = None, None
    if hires.sampler:
        sampler, schedule_in_name = sampler_named("hires.sampler", hires.sampler)
    schedule = schedule_named("hires.schedule", hires.schedule) if hires.schedule else None
    if schedule in (None, AUTOMATIC):
        schedule = schedule_in_name or schedule
    row = find_upscaler(hires.upscaler)
    return replace(
        hires,
        sampler=sampler,
        schedule=schedule,
        upscaler=row.name if row else hires.upscaler,
        checkpoint=hires.checkpoint if hires.checkpoint not in ("", checkpoint) else None,
    )


class Fit(NamedTuple):
    """How a picture gets another size: it is enlarged to `cover`, of which the piece at `corner` is kept; all in px."""

    cover: tuple[int, int]  # (width, height)
    size: tuple[int, int]  # whole latents, so multiples of 8
    corner: tuple[int, int]  # (left, top), likewise


def fit(hires: Hires, width: int, height: int) -> Fit:
    """Of a first pass of this size, as AUTOMATIC1111 counts: of two sides that are given both are met, and the
    middle is kept; of one alone the other follows; else the scale counts."""
    cover = int(width * hires.scale), int(height * hires.scale)
    if hires.width is not None and (
        hires.height is None or width * hires.height <= height * hires.width
    ):
        cover = hires.width, hires.width * height // width
    elif hires.height is not None:
        cover = hires.height * width // height, hires.height
    wanted = hires.width or cover[0], hires.height or cover[1]
    size = wanted[0] // CELL_PX * CELL_PX, wanted[1] // CELL_PX * CELL_PX
    # Of latents that are cut off, the smaller half goes before the picture.
    left, top = ((cover[side] - size[side]) // CELL_PX // 2 * CELL_PX for side in (0, 1))
    return Fit(cover, size, (left, top))


def target_size(hires: Hires, width: int, height: int) -> tuple[int, int]:
    """(width, height) of the result in px."""
    return fit(hires, width, height).size


def second_pass(steps: int, strength: float) -> tuple[int, int]:
    """(length of the schedule, how many of its last steps are taken), as AUTOMATIC1111 counts.

    The second pass takes exactly `steps`, whatever the strength, of a schedule so long that they begin at the noise
    that the strength asks for. (0, 0) for strength 0, which changes nothing.
    """
    return (int(steps / min(strength, FULLEST)), steps) if strength > 0 else (0, 0)


def check_hires(hires: Hires, width: int, height: int) -> None:
    """Raises RequestError for the first field that cannot be used, named e.g. "hires.scale"."""
    within("hires.scale", hires.scale, SCALE)
    within("hires.strength", hires.strength, STRENGTH)
    for name, bounds in (("width", SIDE_PX), ("height", SIDE_PX), ("steps", STEPS)):
        value = getattr(hires, name)
        if value is not None:
            within(f"hires.{name}", value, bounds, "px" if bounds is SIDE_PX else "steps")
    if hires.guidance_scale is not None:
        within("hires.guidance_scale", hires.guidance_scale, GUIDANCE)
    if 0 < hires.strength < WEAKEST:
        remedy = f"Use 0, which only enlarges, or at least {WEAKEST:g}."
        raise RequestError("hires.strength", hires.strength, "changes nothing", remedy)
    _check_size(hires, width, height)
    if not hires.upscaler or len(hires.upscaler) > 200:
        raise RequestError("hires.upscaler", hires.upscaler, "is no name", "Choose one.")


def _check_size(hires: Hires, width: int, height: int) -> None:
    field = "scale" if hires.width is None and hires.height is None else "width"
    if hires.width is None and hires.height is not None:
        field = "height"
    value, fitted = getattr(hires, field), fit(hires, width, height)
    sides = fitted.size
    if max(sides) > SIDE_PX[1] or min(sides) < SIDE_PX[0]:
        why = f"makes a picture of {sides[0]} × {sides[1]} px of one of {width} × {height}"
        remedy = f"Sides of {SIDE_PX[0]} to {SIDE_PX[1]} px can be made: use another one."
        raise RequestError(f"hires.{field}", value, why, remedy)
    wide, high = fitted.cover
    if wide * high > PIXELS_MAX:
        why = f"is so unlike {width} × {height} in shape that {wide} × {high} px would be made and cut"
        raise RequestError(f"hires.{field}", value, why, "Use sides of about the same shape.")
