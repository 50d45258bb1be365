"""Short clips without sound that play in any page: GIF, animated WebP and APNG, which begin anew for ever.

Their frames are kept in memory until all are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import RequestError
from pipelines.output import disk

FRAMES_MAX = 1_000
PALETTE_FRAMES = 12  # of which the colours of a GIF are chosen
PALETTE_SIDE_PX = 256
COLOURS = 256


@dataclass(frozen=True)
class Kind:
    """A row of KINDS. `tick_ms`: what durations are multiples of; `least_ms`: shorter ones are played slowly."""

    label: str
    suffix: str
    file_format: str
    tick_ms: int
    least_ms: int
    options: dict[str, Any]


KINDS = {
    "gif": Kind("GIF", ".gif", "GIF", 10, 20, {"disposal": 1, "optimize": False}),
    "webp": Kind("Animated WebP", ".webp", "WEBP", 1, 1, {"quality": 85, "method": 4}),
    "apng": Kind("APNG", ".png", "PNG", 1, 1, {"disposal": 0}),
}


@dataclass(frozen=True)
class Shown:
    """`pixels`: (height, width, 3) RGB, shown for so long."""

    pixels: NDArray[np.uint8]
    seconds: Fraction


def write_loop(frames: Iterable[Shown], target: Path, kind: str) -> None:
    """Writes a clip that plays for ever; it takes the place of an older one of that name once it is whole.

    Frames that the format cannot show for as short a time are left out, and the others shown longer: it is never
    slower than it should be. Raises RequestError for an unknown kind, no frame or more than 1,000; DiskFull.
    """
    if kind not in KINDS:
        raise RequestError("kind", kind, "is no kind of loop", f"Use {', '.join(KINDS)}.")
    row = KINDS[kind]
    pictures, ends_ms = _timed(frames, row)
    durations = [end - start for start, end in pairwise((0, *ends_ms))]
    if kind == "gif":
        pictures = _in_one_palette(pictures)
    part = disk.part_of(target)
    with disk.failures_named(target.parent):
        try:
            pictures[0].save(
                part,
                row.file_format,
                save_all=True,
                append_images=pictures[1:],
                duration=durations,
                loop=0,
                **row.options,
            )
            disk.sync_file(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        disk.sync_folder(target.parent)


def _timed(frames: Iterable[Shown], kind: Kind) -> tuple[list[Image.Image], list[int]]:
    """The pictures, and when each of them ends in milliseconds, rounded anew each time so that no error adds up."""
    pictures: list[Image.Image] = []
    ends_ms: list[int] = []
    end_seconds = Fraction(0)
    for shown in frames:
        end_seconds += shown.seconds
        end_ms = kind.tick_ms * round(end_seconds * 1000 / kind.tick_ms)
        if end_ms - (ends_ms[-1] if ends_ms else 0) >= kind.least_ms:
            pictures.append(Image.fromarray(shown.pixels))
            ends_ms.append(end_ms)
        elif ends_ms:
            ends_ms[-1] = end_ms
        if len(pictures) > FRAMES_MAX:
            raise RequestError(
                "frames", len(pictures), "are too many for a loop", f"Use at most {FRAMES_MAX}."
            )
    if not pictures:
        raise RequestError("frames", 0, "make no clip", "Use a longer clip.")
    return pictures, ends_ms


def _in_one_palette(pictures: list[Image.Image]) -> list[Image.Image]:
    """All in the same colours, chosen from some of them: where each has its own, still parts flicker."""
    step = -(-len(pictures) // PALETTE_FRAMES)
    samples = [picture.resize(_small(picture.size)) for picture in pictures[::step]]
    sheet = np.concatenate([np.asarray(sample) for sample in samples])
    palette = Image.fromarray(sheet).quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    return [picture.quantize(palette=palette) for picture in pictures]


def _small(size: tuple[int, int]) -> tuple[int, int]:
    share = min(1.0, PALETTE_SIDE_PX / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
