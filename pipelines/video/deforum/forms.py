"""How values of Deforum's settings file are read and written. What cannot be used raises an error with the key."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pipelines.asking.sampling import STEPS
from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.request import SIZE_PX, check_text
from pipelines.samplers import find_sampler
from pipelines.video.animation import Prompt
from pipelines.video.schedules import keyframes, prompts

MULTIPLE_PX = 8
NOT_GIVEN = object()  # for a field that is better left as it is
# The samplers for img2img of AUTOMATIC1111 at the end of 2022, when files held their numbers.
OLD_SAMPLERS = (
    *("Euler a", "Euler", "LMS", "Heun", "DPM2", "DPM2 a", "DPM++ 2S a", "DPM++ 2M", "DPM++ SDE"),
    *("DPM fast", "DPM adaptive", "LMS Karras", "DPM2 Karras", "DPM2 a Karras"),
    *("DPM++ 2S a Karras", "DPM++ 2M Karras", "DPM++ SDE Karras", "DDIM"),
)


class Taken(NamedTuple):
    """A value as it is here; `why` says what is different, "" where nothing is."""

    value: Any
    why: str = ""


class Form(NamedTuple):
    """`read` takes (key, value) and raises RequestError; `write` is its inverse where there is one."""

    read: Callable[[str, Any], Taken]
    write: Callable[[Any], Any] = lambda value: value


def number(bounds: tuple[float, float]) -> Form:
    """A finite number inside the bounds."""

    def read(key: str, value: Any) -> Taken:
        found = _number(key, value)
        within(key, found, bounds)
        return Taken(float(found))

    return Form(read, lambda value: int(value) if value == int(value) else value)


def whole(bounds: tuple[float, float]) -> Form:
    """A whole number inside the bounds."""

    def read(key: str, value: Any) -> Taken:
        found = _whole(key, value)
        within(key, found, bounds)
        return Taken(found)

    return Form(read)


def choice(table: Mapping[str, Any], otherwise: Mapping[str, Taken] | None = None) -> Form:
    """`table`: as Deforum writes it → ours; `otherwise`: what is nearest to what we do not have."""
    back = {ours: theirs for theirs, ours in reversed([*table.items()])}

    def read(key: str, value: Any) -> Taken:
        if isinstance(value, str) and value in table:
            return Taken(table[value])
        if isinstance(value, str) and otherwise and value in otherwise:
            return otherwise[value]
        known = ", ".join((*table, *(otherwise or ())))
        raise RequestError(key, value, "is not known", f"Use one of: {known}.")

    return Form(read, lambda value: back.get(value, next(iter(table))))


def _number(key: str, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(key, value, "is no number", "Write a number.")
    if not math.isfinite(value):
        raise RequestError(key, value, "is no finite number", "Write a number.")
    return value


def _whole(key: str, value: Any) -> int:
    found = _number(key, value)
    if found != int(found):
        raise RequestError(key, value, "is no whole number", "Write a whole number.")
    return int(found)


def _claim(key: str, value: Any) -> Taken:
    if not isinstance(value, bool):
        raise RequestError(key, value, "is neither true nor false", "Write true or false.")
    return Taken(value)


def _text(key: str, value: Any) -> Taken:
    text = "" if value is None else value
    if not isinstance(text, str):
        raise RequestError(key, value, "is no text", "Write a text.")
    check_text(key, text)
    return Taken(text)


def _schedule(key: str, value: Any) -> Taken:
    """Old files hold plain numbers where schedules stand today."""
    if not isinstance(value, str):
        return Taken(f"0: ({_number(key, value)})")
    keyframes.parse(value, key)
    return Taken(value)


def _names(key: str, value: Any) -> Taken:
    if not isinstance(value, str):
        raise RequestError(key, value, "is no schedule", 'Write e.g. 0: ("Euler a").')
    keyframes.parse_texts(value, key)
    return Taken(value)


def _side(key: str, value: Any) -> Taken:
    px = _whole(key, value)
    within(key, px, SIZE_PX, "px")
    fitting = px // MULTIPLE_PX * MULTIPLE_PX
    return Taken(fitting, "" if fitting == px else f"{fitting} is the next multiple of 8.")


def _from_side(key: str, value: Any) -> Taken:
    """0 stands for none."""
    px = _whole(key, value)
    if px:
        within(key, px, SIZE_PX, "px")
    return Taken(px or None)


def _seamless(key: str, value: Any) -> Taken:
    return Taken("both" if _claim(key, value).value else None)


def _steps(key: str, value: Any) -> Taken:
    steps = _whole(key, value)
    within(key, steps, (1, 1_000_000))
    most = STEPS[1]
    return Taken(steps) if steps <= most else Taken(most, f"{most} steps are the most here.")


def _sampler(key: str, value: Any) -> Taken:
    name = value
    if isinstance(value, int) and not isinstance(value, bool):
        within(key, value, (0, len(OLD_SAMPLERS) - 1))
        name = OLD_SAMPLERS[value]
    if not isinstance(name, str):
        raise RequestError(key, value, "is no name of a sampler", "Write e.g. “Euler a”.")
    if find_sampler(name) is None:
        return Taken(NOT_GIVEN, "Darkroom has no such sampler; the one in the form is used.")
    is_old = name is not value
    return Taken(name, f"{value} was {name} in 2022, when samplers had numbers." * is_old)


def _prompts(key: str, value: Any) -> Taken:
    if not isinstance(value, dict) or not value:
        why = "is no object of frames and texts"
        raise RequestError(key, value, why, 'Write e.g. {"0": "a cat"}.')
    for frame, text in value.items():
        _text(f"{key}.{frame[:40]}", text)
        prompts.parse([(frame, text or "")], field=f"{key}.{frame[:40]}")
    if not any(value.values()):
        return Taken(())  # the Request's own
    return Taken(tuple(Prompt(frame=at, text=text or "") for at, text in value.items()))


def _as_object(value: tuple[Prompt, ...]) -> dict[str, str]:
    return {prompt.frame: prompt.text for prompt in value} or {"0": ""}


CLAIM, TEXT = Form(_claim), Form(_text)
SCHEDULE = Form(_schedule, lambda value: value if isinstance(value, str) else f"0: ({value})")
NAMES = Form(_names)
SIDE, STEP_COUNT = Form(_side), Form(_steps)
FROM_SIDE = Form(_from_side, lambda value: value or 0)
SEAMLESS = Form(_seamless, lambda value: value == "both")
SAMPLER = Form(_sampler)
PROMPTS = Form(_prompts, _as_object)
