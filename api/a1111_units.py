"""Units of AUTOMATIC1111's ControlNet extension, as `alwayson_scripts` has them, into our guides. Pure, no HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.a1111_fields import number_in, picture_in
from pipelines import Control, ImagePrompt, Request, RequestError

PLACE = "alwayson_scripts.controlnet.args"
IP_ADAPTER = "ip-adapter"  # how their modules for these begin
# Their names of preprocessors → ours.
MODULES = {
    "none": "none",
    "canny": "canny",
    "invert": "invert",
    "invert (from white bg & black line)": "invert",
    "lineart_standard": "line",
    "lineart_standard (from white bg & black line)": "line",
    "threshold": "threshold",
    "scribble_xdog": "scribble",
}
RESIZES = {
    "just resize": "stretch",
    "crop and resize": "crop",
    "resize and fill": "fit",
    "0": "stretch",
    "1": "crop",
    "2": "fit",
}
BALANCED = ("balanced", "0")
NUMBERS = {"weight": "weight", "guidance_start": "start", "guidance_end": "end"}


def with_units(request: Request, body: Mapping[str, Any], keep: Callable[[bytes], str]) -> Request:
    """The request with the guides of the body's units. `keep` stores a picture and answers its id.

    Raises RequestError, which names the unit's field, or UploadError.
    """
    controls: list[Control] = []
    prompts: list[ImagePrompt] = []
    for number, unit in _units(body):
        place = f"{PLACE}.{number}."
        module = str(unit.get("module") or "none").lower()
        facts: dict[str, Any] = {
            "model": _model(unit.get("model"), place),
            "image": keep(_picture(unit, place)),
            **{
                ours: number_in(place + theirs, unit[theirs])
                for theirs, ours in NUMBERS.items()
                if unit.get(theirs) is not None
            },
        }
        if module.startswith(IP_ADAPTER):
            prompts.append(ImagePrompt(**facts))
        else:
            facts["preprocessor"] = _row(MODULES, module, place + "module")
            facts["resize"] = _row(RESIZES, unit.get("resize_mode", 1), place + "resize_mode")
            controls.append(Control(**facts))
    return dataclasses.replace(request, controls=tuple(controls), image_prompts=tuple(prompts))


def _units(body: Mapping[str, Any]) -> Sequence[tuple[int, Mapping[str, Any]]]:
    """Those that are switched on, with their numbers."""
    scripts = body.get("alwayson_scripts")
    named = scripts.items() if isinstance(scripts, dict) else ()
    script = next((value for name, value in named if str(name).lower() == "controlnet"), None)
    args = script.get("args") if isinstance(script, dict) else None
    units = args if isinstance(args, list) else []
    on = [
        (number, unit)
        for number, unit in enumerate(units)
        if isinstance(unit, dict) and unit.get("enabled", True) and unit.get("model") != "None"
    ]
    for number, unit in on:
        mode = str(unit.get("control_mode", "Balanced")).lower()
        if mode not in BALANCED:
            field = f"{PLACE}.{number}.control_mode"
            raise RequestError(field, mode, "is not supported", "Send Balanced.")
    return on


def _model(name: Any, place: str) -> str:
    """Without the hash that their titles end with: "canny [e3fe7712]"."""
    if not isinstance(name, str) or not name:
        raise RequestError(f"{place}model", name, "is no name", "Send one of model_list.")
    plain, bracket, _ = name.rpartition(" [")
    return plain if bracket and name.endswith("]") else name


def _picture(unit: Mapping[str, Any], place: str) -> bytes:
    given = next((unit[key] for key in ("image", "input_image") if unit.get(key)), None)
    if isinstance(given, dict):
        given = given.get("image")
    return picture_in(f"{place}image", given)


def _row(table: Mapping[str, str], value: Any, field: str) -> str:
    found = table.get(str(value).lower())
    if found is None:
        raise RequestError(field, value, "is not known", f"Send one of: {', '.join(table)}.")
    return found
