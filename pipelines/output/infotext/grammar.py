"""The grammar of AUTOMATIC1111's `parameters` text: prompt, negative prompt, one line of pairs. Safe on any text.

Steps come first in that line, because sites that read such pictures look for a line that starts with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

NEGATIVE = "Negative prompt:"
# The repetition is bounded so that a hostile line costs linear time; the widest key in use has 33 characters.
PAIR = re.compile(r'(\w[\w \-/]{1,60}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
PAIRS_AT_LEAST = 3  # fewer, and the last line is prompt
SIZE = re.compile(r"(-?\d{1,9})x(-?\d{1,9})")
# What CivitAI looks for, and the only value that is no text but JSON as it is: {"model": "0123456789", …}.
HASHES = "Hashes"
HASHES_JSON = re.compile(r"(?:, ?)?\bHashes: (\{[^{}]*\})")


def compose(prompt: str, negative_prompt: str, values: Mapping[str, Any]) -> str:
    """The text of these; a value that is None is left out. A mapping stands there as JSON."""
    details = ", ".join(
        f"{key}: {_plain_json(value) if isinstance(value, Mapping) else quote(value)}"
        for key, value in values.items()
        if value is not None
    )
    negative = f"\n{NEGATIVE} {negative_prompt}" if negative_prompt else ""
    return f"{prompt}{negative}\n{details}".strip()


def quote(value: Any) -> str:
    """A value as it stands in the details line: a JSON string iff it holds a comma, a colon or a newline."""
    text = repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ",:\n") else text


def read(text: str) -> dict[str, str]:
    """All pairs, with `Prompt` and `Negative prompt`; `Size: 512x768` becomes `Size-1` and `Size-2`."""
    *lines, details = text.strip().split("\n")
    plain, hashes = _without_hashes(details)
    pairs = PAIR.findall(plain)
    if len(pairs) < PAIRS_AT_LEAST:
        lines, pairs, hashes = [*lines, details], [], {}
    values: dict[str, str] = {}
    for key, value in pairs:
        size = SIZE.fullmatch(value)
        if size:
            values[f"{key}-1"], values[f"{key}-2"] = size.groups()
        else:
            values[key] = _unquote(value)
    return {**values, **hashes, **_prompts(lines)}


def _prompts(lines: list[str]) -> dict[str, str]:
    prompt: list[str] = []
    negative: list[str] = []
    block = prompt
    for line in (line.strip() for line in lines):
        if line.startswith(NEGATIVE):
            block = negative
            line = line.removeprefix(NEGATIVE).strip()
        block.append(line)
    return {"Prompt": "\n".join(prompt), "Negative prompt": "\n".join(negative)}


def _plain_json(value: Mapping[str, Any]) -> str:
    """Without braces inside, since readers look for the first one that closes."""
    inner = json.dumps(value, ensure_ascii=False)[1:-1]
    return "{" + inner.replace("{", "\\u007b").replace("}", "\\u007d") + "}"


def _without_hashes(details: str) -> tuple[str, dict[str, str]]:
    """(the line without the JSON of hashes, that JSON)."""
    for found in HASHES_JSON.finditer(details):
        try:
            hashes = json.loads(found[1])
        except ValueError:
            continue
        if all(isinstance(digest, str) for digest in hashes.values()):
            return details[: found.start()] + details[found.end() :], {HASHES: found[1]}
    return details, {}


def _unquote(value: str) -> str:
    if not (len(value) > 1 and value[0] == value[-1] == '"'):
        return value
    try:
        text = str(json.loads(value))
    except ValueError:
        return value
    return text.encode("utf-8", "replace").decode()  # \ud800 alone is no character
