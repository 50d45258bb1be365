"""What AUTOMATIC1111's `img2img` sends beside `txt2img`, into our source and inpainting. Pure, no HTTP.

A field that is left out has the value that it has there. A mask that marks nothing is no mask, as there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.a1111_fields import is_so, number_in, picture_in
from pipelines import Inpainting, NotFound, Request, RequestError, Source

RESIZE_MODES = ("stretch", "crop", "fill", "latent")  # by their number
FILLS = ("fill", "original", "noise", "nothing")
BLUR_PX, STRENGTH = 4.0, 0.75


def with_source(request: Request, body: Mapping[str, Any], keep: Callable[[bytes], str]) -> Request:
    """The request with what it starts from. `keep` stores a picture and answers its id.

    Raises RequestError, which names their field, NotFound without a picture, as there, or UploadError.
    """
    images = body.get("init_images")
    if not isinstance(images, list) or not images:
        raise NotFound("Init image not found", "Send it as base64 in init_images.")
    if len(images) > 1:
        remedy = "Send one picture at a time; batch_size and n_iter make several of it."
        raise RequestError("init_images", len(images), "there are several", remedy)
    source = Source(
        image=keep(picture_in("init_images", images[0])),
        strength=_number(body, "denoising_strength", STRENGTH),
        resize=_row(RESIZE_MODES, body, "resize_mode", 0),
        noise_multiplier=_number(body, "initial_noise_multiplier", 1.0),
    )
    if not body.get("mask"):
        return dataclasses.replace(request, source=source, hires=None)
    options = body.get("override_settings")
    settings = options if isinstance(options, dict) else {}
    inpainting = Inpainting(
        mask=keep(picture_in("mask", body["mask"])),
        is_inverted=_is_so(body, "inpainting_mask_invert", False),
        blur=_blur(body),
        content=_row(FILLS, body, "inpainting_fill", 0),
        area="masked" if _is_so(body, "inpaint_full_res", True) else "whole",
        padding=int(_number(body, "inpaint_full_res_padding", 0)),
        conditioning_weight=_number(settings, "inpainting_mask_weight", 1.0),
        hides_seams=False,
    )
    return dataclasses.replace(request, source=source, inpainting=inpainting, hires=None)


def _blur(body: Mapping[str, Any]) -> float:
    """`mask_blur` is both of the others, which may also differ there; here the larger one counts."""
    sides = [_number(body, name, 0.0) for name in ("mask_blur_x", "mask_blur_y") if name in body]
    return _number(body, "mask_blur", max(sides, default=BLUR_PX))


def _number(body: Mapping[str, Any], field: str, default: float) -> float:
    value = body.get(field)
    return default if value is None else number_in(field, value)


def _is_so(body: Mapping[str, Any], field: str, default: bool) -> bool:
    value = body.get(field)
    return default if value is None else is_so(value)


def _row(table: Sequence[str], body: Mapping[str, Any], field: str, default: int) -> str:
    number = _number(body, field, default)
    if number not in range(len(table)):
        raise RequestError(field, body.get(field), "is not known", f"Send 0 to {len(table) - 1}.")
    return table[int(number)]
