"""Hires fix: a picture is enlarged when it is done, and gets its details in a second pass."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.asking.sampling import GUIDANCE, STEPS
from pipelines.editing.geometry import FULLEST
from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.upscalers import find_upscaler

SCALE = (1.0, 8.0)
STRENGTH = (0.0, 1.0)
SIDE_PX = (64, 4096)
PIXELS_MAX = 4096 * 4096


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


def target_size(hires: Hires, width: int, height: int) -> tuple[int, int]:
    """(width, height) of the result in px, as AUTOMATIC1111 counts; whole latents, so multiples of 8."""
    if hires.width is None and hires.height is None:
        sides = int(width * hires.scale), int(height * hires.scale)
    elif hires.height is None and hires.width is not None:
        sides = hires.width, hires.width * height // width
    elif hires.width is None and hires.height is not None:
        sides = hires.height * width // height, hires.height
    else:
        assert hires.width is not None
        assert hires.height is not None
        sides = hires.width, hires.height
    return sides[0] // 8 * 8, sides[1] // 8 * 8


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
    sides = target_size(hires, width, height)
    field = "hires.scale" if hires.width is None and hires.height is None else "hires.width"
    if max(sides) > SIDE_PX[1] or min(sides) < SIDE_PX[0]:
        value = hires.scale if field == "hires.scale" else hires.width or hires.height
        why = f"makes a picture of {sides[0]} × {sides[1]} px of one of {width} × {height}"
        remedy = f"Sides of {SIDE_PX[0]} to {SIDE_PX[1]} px can be made: use another one."
        raise RequestError(field, value, why, remedy)
    if not hires.upscaler or len(hires.upscaler) > 200:
        raise RequestError("hires.upscaler", hires.upscaler, "is no name", "Choose one.")
    find_upscaler(hires.upscaler)
