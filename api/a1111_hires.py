"""Hires fix as AUTOMATIC1111's `txt2img` sends it, into ours. Pure, no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from api.a1111_fields import HIRES, is_so, number_in, read_all
from pipelines import Request

STRENGTH = 0.75  # where it is left out
FIRST_PASS = (("firstphase_width", "width"), ("firstphase_height", "height"))


def with_hires(request: Request, body: Mapping[str, Any], _: Callable[[bytes], str]) -> Request:
    """The request with its second pass, or without one where that is said. Raises RequestError with their name."""
    asked = body.get("enable_hr")
    if asked is None:
        return request
    if not is_so(asked):
        return replace(request, hires=None)
    default = {} if request.hires else {"hires.strength": STRENGTH}
    return request.changed(default | read_all(HIRES, body) | _first_pass(request, body))


def _first_pass(request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """In 2022 `width` and `height` were those of the result, and the first pass had names of its own."""
    given = {ours: body.get(theirs) for theirs, ours in FIRST_PASS if body.get(theirs)}
    sides = {
        ours: int(number_in(f"firstphase_{ours}", value)) // 8 * 8 for ours, value in given.items()
    }
    if not sides:
        return {}
    return {**sides, "hires.width": request.width, "hires.height": request.height}
