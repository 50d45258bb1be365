"""What a request starts from: a picture, how far it may change, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipelines.errors import NothingMasked, RequestError
from pipelines.fields import within

STRENGTH = (0.0, 1.0)
NOISE_MULTIPLIER = (0.0, 1.5)
BLUR_PX = (0.0, 64.0)
PADDING_PX = (0, 512)
EXTEND_PX = (0, 2048)
WEIGHT = (0.0, 1.0)
COORDINATE_PX = (0, 65_536)

# How a picture comes to the size of the result → what is said of it.
RESIZES = {
    "stretch": "stretched to the new sides",
    "crop": "fills the new sides; what juts out is cut off",
    "fill": "all of it fits in; its edges are drawn out to fill the rest",
    "latent": "stretched as latents: softer, and it leaves the model more to invent",
}
# Of how much of the picture the result is made → what is said of it.
AREAS = {
    "masked": "only the masked part, at full size: fine details; the picture keeps its size",
    "picture": "all of the picture is seen, only the masked part is put back; the picture keeps its size",
    "whole": "the result has the size of the form, as in AUTOMATIC1111's Whole picture",
}
# What the masked part holds before the first step → what is said of it.
CONTENTS = {
    "original": "what is there",
    "fill": "the colours around it, blurred",
    "surroundings": "what stands around it, continued: to take things away",
    "noise": "noise",
    "nothing": "nothing: a plain grey",
}


@dataclass(frozen=True, kw_only=True)
class Region:
    """A rectangle in a picture, in pixels; right and bottom lie outside of it."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.right - self.left, self.bottom - self.top

    @property
    def box(self) -> tuple[int, int, int, int]:
        """As Pillow has it."""
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True, kw_only=True)
class Source:
    """The picture that a request starts from. With strength 0 nothing of it changes, with 1 nothing stays.

    `extend_…`: so many pixels are added to its sides and drawn anew, together with what the mask says.
    """

    image: str = ""  # id of an upload
    strength: float = 0.75  # denoising strength
    resize: str = "crop"
    noise_multiplier: float = 1.0
    extend_left: int = 0
    extend_top: int = 0
    extend_right: int = 0
    extend_bottom: int = 0

    @property
    def is_extended(self) -> bool:
        return any(self.extension)

    @property
    def extension(self) -> tuple[int, int, int, int]:
        """Pixels added on the left, at the top, on the right, at the bottom."""
        return self.extend_left, self.extend_top, self.extend_right, self.extend_bottom


@dataclass(frozen=True, kw_only=True)
class Inpainting:
    """Where the source may change. The mask is as large as the source with what extends it; white changes."""

    mask: str = ""  # id of an upload; "": only what extends the source is drawn
    is_inverted: bool = False
    blur: float = 4.0  # px of the source: standard deviation of the mask's soft edge
    content: str = "original"
    area: str = "masked"
    padding: int = 32  # px of the source that are seen around the mask, where the area is "masked"
    region: Region | None = (
        None  # what is seen of it; found by mask and padding when it is left open
    )
    # How many steps a place may change in follows how white the mask is there; else it is black or white.
    is_soft: bool = False
    conditioning_weight: float = (
        1.0  # how strongly the mask hides the picture from inpainting checkpoints
    )
    # The colours of the result are bent to meet those around it, so that no border is seen.
    hides_seams: bool = True


class Edited(Protocol):
    """The part of a Request that this file is about."""

    @property
    def source(self) -> Source | None: ...

    @property
    def inpainting(self) -> Inpainting | None: ...


def sources_of(request: Edited) -> tuple[str, ...]:
    """The ids of the pictures that the request starts from: the source's, then the mask's."""
    image = request.source.image if request.source else ""
    mask = request.inpainting.mask if request.source and request.inpainting else ""
    return tuple(one for one in (image, mask) if one)


def check_source(request: Edited) -> None:
    """Raises RequestError for the first field that cannot be used, named e.g. "source.strength"."""
    source, inpainting = request.source, request.inpainting
    if source is None:
        if inpainting is not None:
            why = "there is no source for it"
            raise RequestError("inpainting", inpainting.mask, why, "Send a source with it.")
        return
    if not source.image:
        remedy = "Choose one; programs send the id of an upload."
        raise RequestError("source.image", "", "no picture is chosen", remedy)
    within("source.strength", source.strength, STRENGTH)
    within("source.noise_multiplier", source.noise_multiplier, NOISE_MULTIPLIER)
    _one_of("source.resize", source.resize, RESIZES)
    for side in ("left", "top", "right", "bottom"):
        within(f"source.extend_{side}", getattr(source, f"extend_{side}"), EXTEND_PX, "px")
    if inpainting is not None:
        _check_inpainting(inpainting, source)
    elif source.is_extended:
        why = "it is said nowhere how the new part is painted"
        raise RequestError("inpainting", None, why, "Send inpainting: {} with it.")


def _check_inpainting(inpainting: Inpainting, source: Source) -> None:
    if not inpainting.mask and not source.is_extended:
        raise NothingMasked("")
    within("inpainting.blur", inpainting.blur, BLUR_PX, "px")
    within("inpainting.padding", inpainting.padding, PADDING_PX, "px")
    within("inpainting.conditioning_weight", inpainting.conditioning_weight, WEIGHT)
    _one_of("inpainting.content", inpainting.content, CONTENTS)
    _one_of("inpainting.area", inpainting.area, AREAS)
    if (region := inpainting.region) is not None:
        for side in ("left", "top", "right", "bottom"):
            within(f"inpainting.region.{side}", getattr(region, side), COORDINATE_PX, "px")
        if min(region.size) < 1:
            why = "has no width or no height"
            raise RequestError("inpainting.region", region.box, why, "Send a larger one.")


def _one_of(field: str, value: str, table: dict[str, str]) -> None:
    if value not in table:
        raise RequestError(field, value, "is not known", f"Use one of: {', '.join(table)}.")
