"""The flags in a launch script of AUTOMATIC1111 and its forks: `webui-user.sh` or `webui-user.bat`, read, never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from pipelines.takeover.place import read_text

ASSIGNMENT = re.compile(r"^[ \t]*(?:@?set[ \t]+|export[ \t]+)?\"?(\w+)=(.*)$", re.I | re.M)
VARIABLE = {
    ".bat": re.compile(r"%(\w+)%"),
    ".sh": re.compile(r"\$\{?(\w+)\}?"),
}
CONTINUED = {".bat": re.compile(r"\^[ \t]*\r?\n"), ".sh": re.compile(r"\\\r?\n")}
ARGUMENTS = "COMMANDLINE_ARGS"
VALUE_CHARACTERS = 20_000  # a variable may name itself, and so grow


def flags(script: Path) -> Iterator[tuple[str, str]]:
    """(flag, value) for every flag with a value, a flag with several values once for each."""
    words = _words(_arguments(script), script.suffix)
    flag = ""
    for word in words:
        if word.startswith("--"):
            flag, is_joined, value = word.partition("=")
            if is_joined and value:
                yield flag, value
        elif flag and word:
            yield flag, word


def _arguments(script: Path) -> str:
    """What the script lastly sets COMMANDLINE_ARGS to; comments set nothing."""
    kind = script.suffix
    text = CONTINUED[kind].sub(" ", read_text(script) or "")
    known: dict[str, str] = {}
    for name, value in ASSIGNMENT.findall(text):
        plain = _unquoted(value.strip())
        expanded = VARIABLE[kind].sub(lambda match: known.get(match[1].upper(), match[0]), plain)
        known[name.upper()] = expanded[:VALUE_CHARACTERS]
    return known.get(ARGUMENTS, "")


def _unquoted(text: str) -> str:
    """Without the quotes around all of it; `set "NAME=…"` leaves one at the end."""
    is_around = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_around else text[:-1] if text.count('"') % 2 else text


def _words(text: str, kind: str) -> list[str]:
    """As the shell of that script parts them; a backslash is part of a path in Windows."""
    try:
        return [word.strip("\"'") for word in shlex.split(text, posix=kind == ".sh")]
    except ValueError:  # a quote without its twin
        return [word.strip("\"'") for word in text.split()]
