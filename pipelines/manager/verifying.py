"""Verify: a picture is made again from what its file alone says, and both are compared pixel by pixel.

What differs from the time of its making is told with the verdict, so that a person knows why two pictures are not
the same. Nothing is kept of the second one.
"""

from __future__ import annotations

import dataclasses
import io
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.catalog.titles import AUTO_V2_DIGITS
from pipelines.errors import StudioError
from pipelines.manager.naming import Naming
from pipelines.output import infotext, metadata, save
from pipelines.output.decoder import FORMATS
from pipelines.output.infotext import OURS, Unmapped
from pipelines.output.library import Library
from pipelines.output.metadata import Embedded
from pipelines.output.pixels import plain
from pipelines.output.record import NewPicture
from pipelines.request import Request
from pipelines.version import software

IDENTICAL, SAME, DIFFERENT, IMPOSSIBLE = "identical", "same", "different", "impossible"
ROUNDING_MAX = 2  # of 255: what is promised of a picture that is made beside others
LEVELS = 255
ENCODINGS = {".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}
NO_TEXTS = {"parameters": "", "request": "{}", "darkroom": "{}"}
# What a foreign picture was made from beside noise and models: without it there is nothing to compare.
FROM_PICTURES = ("Denoising strength", "Init image hash")
SHOWN_MAX = 6  # settings that could not be taken over
NO_REASON = (
    "All that the file says of its making is as it was: it may have been changed afterwards, or a model's file "
    "is another one under the same name."
)


@dataclass(frozen=True)
class Comparison:
    """`db`: the peak signal-to-noise ratio, None where all pixels are equal or none can be compared.

    `max_difference` is of 255 levels; `why` is for people.
    """

    result: str
    why: str
    db: float | None = None
    max_difference: int = 0

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Verifier:
    """May be asked from any thread."""

    library: Library
    naming: Naming

    def request(self, picture_id: str, owner: str) -> Request | Comparison:
        """What to make for it; or why it cannot be made again. Raises NotFound."""
        path = self.library.file(picture_id, owner)
        embedded = _read(path)
        if embedded.request is None:
            return impossible("The file does not say how it was made.")
        named = self.naming.named(embedded.request, embedded.parameters)
        if gone := [*named.missing, *_sources(embedded)]:
            return impossible(f"What it needs is not here: {_listed(gone)}.")
        file_format = ENCODINGS.get(path.suffix.lower(), "png")
        return replace(named.request, exact=True, format=file_format)

    def compare(self, picture: NewPicture, picture_id: str) -> Comparison:
        """The new picture with the file. Raises NotFound when that is gone meanwhile."""
        path = self.library.file(picture_id, picture.owner)
        again = Image.open(io.BytesIO(save.encode(picture, NO_TEXTS)))
        with Image.open(path, formats=FORMATS) as before, again:
            found = measured(before, again)
        if found.result == IDENTICAL:
            return found
        reasons = self._reasons(_read(path), picture)
        if found.result == DIFFERENT and not reasons:
            reasons = [NO_REASON]
        return replace(found, why=" ".join([found.why, *reasons]))

    def _reasons(self, embedded: Embedded, picture: NewPicture) -> list[str]:
        """What is not as it was when the picture was made, a sentence each."""
        if embedded.program != OURS:
            known = f"It is a picture of {embedded.program or 'another program'}"
            lost = (
                f", and not taken over were: {_listed(embedded.unmapped)}"
                if embedded.unmapped
                else ""
            )
            return [f"{known}, which computes in its own way{lost}."]
        details, request = embedded.details, embedded.request
        pairs = (
            ("on", details.device, picture.device),
            ("in", details.dtype, picture.dtype),
            ("by", details.software, software()),
        )
        reasons = [
            f"It was made {how} {then}, now {how} {now}."
            for how, then, now in pairs
            if then and then != now
        ]
        if request is not None and not request.exact:
            reasons.append(
                "It was made without “exact”, so pictures beside it had a part in its last digits."
            )
        return reasons + self._other_files(embedded, picture)

    def _other_files(self, embedded: Embedded, picture: NewPicture) -> list[str]:
        said = infotext.read(embedded.parameters).get("Model hash", "")
        path = picture.checkpoint.path if picture.checkpoint else ""
        now = self.naming.hashes.of(Path(path))[:AUTO_V2_DIGITS] if path else ""
        if not (said and now) or said == now:
            return []
        name = picture.request.checkpoint
        return [f"The file of {name} is another one: it had the hash {said}, this one has {now}."]


def impossible(why: str) -> Comparison:
    return Comparison(IMPOSSIBLE, why)


def refused(error: StudioError) -> Comparison:
    """A request that cannot be taken."""
    return impossible(f"It cannot be made here: {error.message}.".replace("..", "."))


def measured(before: Image.Image, again: Image.Image) -> Comparison:
    """How alike two pictures are."""
    if before.size != again.size:
        sizes = (f"{image.width} × {image.height} px" for image in (before, again))
        why = "It has {}; made again it has {}.".format(*sizes)
        return Comparison(DIFFERENT, why, None, LEVELS)
    one, other = _levels(before, again), _levels(again, before)
    apart = np.abs(one - other)
    most = int(apart.max(initial=0))
    if not most:
        return Comparison(IDENTICAL, "Every pixel is the same.")
    db = round(10 * math.log10(LEVELS**2 / float(np.mean(np.square(apart, dtype=np.float64)))), 1)
    if most <= ROUNDING_MAX:
        why = f"It is the same within rounding: no pixel differs by more than {most} of 255 ({db} dB)."
        return Comparison(SAME, why, db, most)
    return Comparison(DIFFERENT, f"Pixels differ by up to {most} of 255 ({db} dB).", db, most)


def _levels(image: Image.Image, beside: Image.Image) -> NDArray[np.int16]:
    """(height, width, 3), or 4 where one of both has transparency."""
    has_alpha = any("A" in one.getbands() or "transparency" in one.info for one in (image, beside))
    return np.asarray(plain(image).convert("RGBA" if has_alpha else "RGB")).astype(np.int16)


def _read(path: Path) -> Embedded:
    """What the file says; what cannot be read says nothing."""
    try:
        return metadata.read(path)[0]
    except (OSError, ValueError):
        return Embedded()


def _sources(embedded: Embedded) -> list[Unmapped]:
    """What a foreign picture was made from, beside noise and models."""
    return [one for one in embedded.unmapped if one.key in FROM_PICTURES]


def _listed(rows: tuple[Unmapped, ...] | list[Unmapped]) -> str:
    shown = [f"{one.key} {one.value}".strip() for one in rows[:SHOWN_MAX]]
    more = [f"{len(rows) - SHOWN_MAX} more"] if len(rows) > SHOWN_MAX else []
    return ", ".join(shown + more)
