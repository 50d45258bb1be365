"""Reading: a settings file of Deforum becomes an animation, fields of a Request, and a report of every key.

The text is data alone: nothing of it is run, opened or asked of the network.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RequestError
from pipelines.video.animation import Animation, Prompt
from pipelines.video.deforum.forms import NOT_GIVEN
from pipelines.video.deforum.keys import SETTINGS
from pipelines.video.deforum.old_forms import dropped, renewed
from pipelines.video.deforum.settings import Fate, Setting

CHARACTERS_MAX = 2_000_000
KEYS_MAX = 2_000
DIGITS_MAX = 300
SHOWN_CHARACTERS = 80
ADDRESS = "://"
# Files hold addresses of Deforum's pictures and movies wherever nobody has put another one.
EXAMPLES = "https://deforum.github.io/a1/"
NO_ADDRESSES = "Addresses on the network are not opened for a file; choose the thing itself."
SWITCHED_OFF = "It is switched off in the file."
ONE_LESS = "Here max_f is the last frame, as everywhere else; in this mode Deforum counts one more."
AT_MOST = "In this mode Deforum makes as many as the movie gives; here these are the most."
FROM_HERE = (
    "Here it begins with this one; Deforum begins with the next multiple of extract_nth_frame."
)
UNKNOWN = "Darkroom does not know this key."
NO_MORE = "Deforum does not read this key any more."
TOO_DEEP = "is nested deeper than any setting"
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]')
REMEDY = "Choose a settings file as Deforum writes it."
ANIMATION, REQUEST = "animation.", "request."


@dataclass(frozen=True)
class Row:
    """What became of a key. `value`: as it stands in the file, shortened; `why`: a sentence, "" for what is applied.

    `is_default`: the value is Deforum's own, so that nobody misses what is ignored of it.
    """

    key: str
    value: str
    fate: Fate
    why: str = ""
    is_default: bool = False


@dataclass(frozen=True)
class Imported:
    """`request_fields`: by their names in `Request.changed`, e.g. "sampling.steps". One row a key of the file."""

    animation: Animation
    request_fields: dict[str, Any]
    report: tuple[Row, ...]


def read(text: str) -> Imported:
    """Raises RequestError that names the key whose value cannot be used, or "settings" for a file that cannot be read.

    What the file does not say is as Deforum has it by default. Whether values fit the clip is not yet checked.
    """
    given = _parsed(text)
    today, was = renewed(given)
    fields: dict[str, Any] = {}
    rows: list[Row] = []
    for setting in SETTINGS:
        if setting.key not in today:
            continue
        key, value = was.get(setting.key, setting.key), today[setting.key]
        taken, fate, why = _taken(setting, key, value, today)
        if setting.field and taken is not NOT_GIVEN:
            fields[setting.field] = taken
        is_default = _plain(value) in (_plain(setting.default), EXAMPLES)
        rows.append(Row(key, _shown(given[key]), fate, why, is_default))
    animation = Animation(**_below(ANIMATION, fields))
    return Imported(animation, _below(REQUEST, fields), (*rows, *_others(given, today)))


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > CHARACTERS_MAX:
        why = f"is {len(text):,} characters long"
        raise RequestError("settings", text[:SHOWN_CHARACTERS], why, REMEDY)
    try:
        given = json.loads(text.lstrip("\ufeff"), parse_int=_whole)
    except ValueError:
        shown = text[:SHOWN_CHARACTERS]
        raise RequestError("settings", shown, "is no JSON that can be read", REMEDY) from None
    except RecursionError:
        raise RequestError(_deepest(text), "…", TOO_DEEP, REMEDY) from None
    if not isinstance(given, dict):
        raise RequestError("settings", _shown(given), "is no object of settings", REMEDY)
    if len(given) > KEYS_MAX:
        raise RequestError("settings", len(given), "are too many keys", REMEDY)
    for key, value in given.items():
        _check(key, value)
    return given


def _whole(digits: str) -> int | float:
    """Python refuses whole numbers of thousands of digits without a word about where they stand."""
    return int(digits) if len(digits) <= DIGITS_MAX else math.inf


def _deepest(text: str) -> str:
    """The key whose value is nested too deeply for the parser, which has read all that stands before it."""
    depth, key = 0, "settings"
    for token in map(re.Match.group, TOKENS.finditer(text)):
        if token[0] == '"':
            key = token[1:-1] if depth == 1 else key
        else:
            depth += 1 if token in "[{" else -1
        if depth > 2:
            break
    return key[:SHOWN_CHARACTERS]


def _check(key: str, value: Any) -> None:
    """Raises RequestError for a value that no key of Deforum has: nested, or no finite number."""
    inner = list(value.values()) if isinstance(value, dict) else value
    values = inner if isinstance(inner, list) else [value]
    for one in values:
        if isinstance(one, dict | list):
            raise RequestError(key[:SHOWN_CHARACTERS], _shown(value), TOO_DEEP, REMEDY)
        if isinstance(one, float) and not math.isfinite(one):
            why = "is no finite number"
            raise RequestError(key[:SHOWN_CHARACTERS], _shown(value), why, "Write a number.")


def _taken(
    setting: Setting, key: str, value: Any, today: Mapping[str, Any]
) -> tuple[Any, Fate, str]:
    """(the value here, what became of it, why)."""
    if setting.fate == "ignored":
        is_address = isinstance(value, str) and ADDRESS in value
        return NOT_GIVEN, "ignored", NO_ADDRESSES if is_address else setting.why
    if setting.form is None:  # a switch; the schedules that name it ask for it
        _claim(key, value)
        return NOT_GIVEN, setting.fate, setting.why
    if setting.switch and not _is_on(setting.switch, today):
        return "", "ignored", SWITCHED_OFF
    taken, why = setting.form.read(key, value)
    if taken is NOT_GIVEN:
        return NOT_GIVEN, "ignored", why
    if setting.key in IN_MODE:
        why = why or IN_MODE[setting.key](taken, today)
    return taken, "approximated" if why else setting.fate, why or setting.why


def _of_prompts(taken: tuple[Prompt, ...], today: Mapping[str, Any]) -> str:
    is_there = any("max_f" in prompt.frame for prompt in taken)
    return ONE_LESS if is_there and today.get(MODE) == "Interpolation" else ""


def _of_length(_taken: int, today: Mapping[str, Any]) -> str:
    return AT_MOST if today.get(MODE) == "Video Input" else ""


def _of_first(taken: int, today: Mapping[str, Any]) -> str:
    every = today.get("extract_nth_frame", 1)
    is_whole = isinstance(every, int | float) and every >= 1
    return FROM_HERE if is_whole and taken % every else ""


MODE = "animation_mode"
# Key → what is different about it beside what other keys say, of (value here, all of today's keys).
IN_MODE: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "prompts": _of_prompts,
    "max_frames": _of_length,
    "extract_from_frame": _of_first,
}


def _is_on(switch: str, today: Mapping[str, Any]) -> bool:
    default = next(setting.default for setting in SETTINGS if setting.key == switch)
    return _claim(switch, today.get(switch, default))


def _claim(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RequestError(key, _shown(value), "is neither true nor false", "Write true or false.")
    return value


def _others(given: Mapping[str, Any], today: Mapping[str, Any]) -> list[Row]:
    """Keys that nothing is made of because nobody knows them, any more or at all."""
    known = {setting.key for setting in SETTINGS}
    gone = [Row(key, _shown(given[key]), "ignored", NO_MORE) for key in dropped(given)]
    unknown = [key for key in given if key in today and key not in known]
    return [*gone, *(Row(key, _shown(given[key]), "ignored", UNKNOWN) for key in unknown)]


def _below(prefix: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value
        for name, value in fields.items()
        if name.startswith(prefix)
    }


def _plain(value: Any) -> str:
    """The same for values that mean the same: blanks, 1.0 for 1, and nothing in any form."""
    if isinstance(value, str) and EXAMPLES in value:
        return EXAMPLES
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value in (None, "None") else "".join(str(value).split())


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{len(value)} entries"
    text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
