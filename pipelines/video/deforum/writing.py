"""Writing: an animation and the fields of its Request as a settings file that Deforum reads.

All 253 keys are there; those that Darkroom has nothing for stand as Deforum has them by default. What Deforum cannot
say is left out: mirrored borders, pictures and movies to begin with, the size of Perlin noise, and loops.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipelines.samplers import AUTOMATIC
from pipelines.video.animation import Animation, Prompt
from pipelines.video.deforum.keys import SETTINGS
from pipelines.video.deforum.reading import ANIMATION, REQUEST
from pipelines.video.deforum.settings import Setting
from pipelines.video.schedules.prompts import NEGATIVE

PROMPTS, GUIDANCE = f"{ANIMATION}prompts", f"{ANIMATION}guidance_scale"
SAMPLER = f"{REQUEST}sampling.sampler"


def write(animation: Animation, request_fields: Mapping[str, Any]) -> str:
    """The text of the file. `request_fields`: as in Imported; what is missing stands as Deforum has it by default."""
    said = {f"{REQUEST}{name}": value for name, value in request_fields.items()}
    said |= {f"{ANIMATION}{name}": value for name, value in vars(animation).items()}
    said |= {
        PROMPTS: animation.prompts or _prompt(request_fields),
        SAMPLER: _sampler(request_fields),
        GUIDANCE: animation.guidance_scale or request_fields.get("sampling.guidance_scale"),
    }
    settings = {setting.key: _value(setting, said) for setting in SETTINGS}
    switched = [setting for setting in SETTINGS if setting.switch]
    on = {setting.switch for setting in switched if not _is_open(said[setting.field])}
    settings |= {setting.switch: setting.switch in on for setting in switched}
    return json.dumps(settings, ensure_ascii=False, indent=4)


def _value(setting: Setting, said: Mapping[str, Any]) -> Any:
    value = said.get(setting.field)
    return setting.default if setting.form is None or _is_open(value) else setting.form.write(value)


def _is_open(value: Any) -> bool:
    """Whether nothing is said."""
    return value is None or (isinstance(value, str) and not value.strip())


def _prompt(fields: Mapping[str, Any]) -> tuple[Prompt, ...]:
    """What the Request says, for all frames."""
    positive, negative = (fields.get(name) or "" for name in ("prompt", "negative_prompt"))
    return (Prompt(text=f"{positive} {NEGATIVE} {negative}" if negative else positive),)


def _sampler(fields: Mapping[str, Any]) -> str | None:
    """With its schedule, as AUTOMATIC1111 named samplers at the time of Deforum."""
    sampler, schedule = (fields.get(f"sampling.{name}") for name in ("sampler", "schedule"))
    return f"{sampler} {schedule}" if sampler and schedule not in (None, AUTOMATIC) else sampler
