"""Values of `parameters` that carry more than one field, or another one each time."""

from __future__ import annotations

from pipelines.asking.noise import SOURCES
from pipelines.output.infotext.row import NO_SOURCE, Fields, Row, plain
from pipelines.output.infotext.values import (
    NUMBER,
    OTHER_TEXT,
    WHOLE,
    Context,
    Kind,
    Unusable,
    number,
    one_of,
    sides,
)
from pipelines.request import Request
from pipelines.samplers import find_sampler, find_schedule
from pipelines.upscalers import find_upscaler

ETA_OF_ITS_OWN = "DDIM"  # begins the names of samplers whose eta has another key


def take_sampler(text: str, _: Context) -> Fields:
    found = find_sampler(text)
    if found is None:
        raise Unusable("Darkroom has no such sampler.")
    sampler, schedule = found
    return {"sampling.sampler": sampler} | ({"sampling.schedule": schedule} if schedule else {})


def schedule(text: str) -> str:
    found = find_schedule(text)
    if found is None:
        raise Unusable("Darkroom has no such schedule.")
    return found


def sampler(text: str) -> str | None:
    name = OTHER_TEXT.read(text)
    if name and find_sampler(name) is None:
        raise Unusable("Darkroom has no such sampler.")
    return str(name) if name else None


def tell_size(request: Request) -> str | None:
    return f"{request.width}x{request.height}" if request.width and request.height else None


def take_size(text: str, _: Context) -> Fields:
    width, height = sides(text)
    return {"width": width // 8 * 8, "height": height // 8 * 8}  # as large as its latents, as there


def tell_from(request: Request) -> str | None:
    noise = request.noise
    return f"{noise.from_width}x{noise.from_height}" if noise.from_width else None


def take_from(text: str, _: Context) -> Fields:
    width, height = sides(text)
    return (
        {"noise.from_width": width, "noise.from_height": height} if min(width, height) > 0 else {}
    )


def tell_strength(request: Request) -> float | None:
    part = request.source or request.hires
    return part.strength if part else None


def take_strength(text: str, context: Context) -> Fields:
    if context.is_enlarged:
        return {"hires.strength": number(text)}
    if not context.is_ours:
        raise Unusable(NO_SOURCE)
    return {"source.strength": number(text)}


def take_source_of_noise(text: str, context: Context) -> Fields:
    """Others mean CUDA by GPU, whose numbers Philox gives on every device."""
    source = one_of(SOURCES).read(text)
    return {"noise.source": "nv" if source == "gpu" and not context.is_ours else source}


def tell_padding(request: Request) -> int | None:
    inpainting = request.inpainting
    return inpainting.padding if inpainting and inpainting.area == "masked" else None


def tell_resize(request: Request) -> str | None:
    hires = request.hires
    if hires is None or not (hires.width or hires.height):
        return None
    return f"{hires.width or 0}x{hires.height or 0}"


def take_resize(text: str, _: Context) -> Fields:
    width, height = (max(0, side) for side in sides(text))
    return {"hires.width": width or None, "hires.height": height or None} if width or height else {}


def tell_scale(request: Request) -> float | None:
    return request.hires.scale if request.hires and not tell_resize(request) else None


def upscaler(text: str) -> str:
    known = find_upscaler(text)
    return known.name if known else text


def steps(text: str) -> int | None:
    return WHOLE.read(text) or None  # 0: as many as in the first pass


def eta(key: str, is_its_own: bool) -> Row:
    def is_for(sampler: str | None) -> bool:
        return (sampler or "").startswith(ETA_OF_ITS_OWN) == is_its_own

    row = plain(key, "sampling.eta", NUMBER)
    return row._replace(
        tell=lambda request: row.tell(request) if is_for(request.sampling.sampler) else None,
        take=lambda text, context: row.take(text, context) if is_for(context.sampler) else {},
    )


def positive(text: str) -> float | None:
    return number(text) or None  # 0: that of the model or the schedule


POSITIVE = Kind(positive)
