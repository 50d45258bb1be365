"""The ways in which a setting is written: how its text is read, and what is said when it cannot be."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

UNIT_BYTES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


class Unusable(ValueError):
    """(why, remedy) of a text that a Kind cannot read."""


class Kind(NamedTuple):
    """How a setting is written. `read` turns one text into its value; relative paths start from the folder given."""

    shown: str
    read: Callable[[str, Path], Any]
    toml: tuple[type, ...] = (str,)
    separator: str = ""  # of a list in an environment variable; "" for a single value


def one_of(*names: str) -> Kind:
    def read(text: str, base: Path) -> str:
        if text not in names:
            raise Unusable("is not known", f"Use {', '.join(names[:-1])} or {names[-1]}.")
        return text

    return Kind("{" + ",".join(names) + "}", read)


def whole(low: int, high: int) -> Kind:
    def read(text: str, base: Path) -> int:
        if not re.fullmatch(r"[+-]?\d{1,9}", text):
            raise Unusable("is no whole number", f"Use {low} to {high}.")
        if not low <= int(text) <= high:
            raise Unusable(f"is outside {low} to {high}", f"Use {low} to {high}.")
        return int(text)

    return Kind("NUMBER", read, (int,))


def pattern(shown: str, pattern: str, why: str, remedy: str, separator: str = "") -> Kind:
    def read(text: str, base: Path) -> str:
        if not re.fullmatch(pattern, text):
            raise Unusable(why, remedy)
        return text

    return Kind(shown, read, separator=separator)


def _read_path(text: str, base: Path) -> Path:
    if not text:
        raise Unusable("is empty", "Give a path.")
    return Path(os.path.abspath(base / Path(text).expanduser()))


def _read_flag(text: str, base: Path) -> bool:
    if text.casefold() not in WORDS:
        raise Unusable("is neither yes nor no", "Use true or false.")
    return WORDS[text.casefold()]


HOST_PATTERN = r"[0-9A-Za-z.\-_]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?"
HOST = pattern("ADDRESS", HOST_PATTERN, "is no address", "Use e.g. 127.0.0.1 or 0.0.0.0.")
NAMES = pattern("NAME", r"[0-9A-Za-z.\-_]+", "is no host name", "Use e.g. studio.lan.", ",")
DEVICE_REMEDY = "Use auto, cpu, mps, cuda or cuda:0, cuda:1 …"
DEVICE = pattern("DEVICE", r"auto|cpu|mps|cuda(:\d+)?", "is no device we know", DEVICE_REMEDY)
SIZE_PATTERN = r"\d+(\.\d+)?\s*([KMGT](i?B)?)?"
SIZE = pattern("SIZE", f"({SIZE_PATTERN})?", "is no amount of memory", "Use e.g. 6G or 800M.")
ROOT = pattern(
    "PATH", r"(/[\w.~-]+)*", "is no path prefix", "Start it with / and end it without, e.g. /sd."
)
URL_PATTERN = r"https?://[0-9A-Za-z.\-]+(:\d{1,5})?(/[\w.~-]+)*"
URL = pattern(
    "URL", URL_PATTERN, "is no address", "Use e.g. https://hub.lan, without / at its end."
)
PATH = Kind("PATH", _read_path)
PATHS = Kind("FOLDER", _read_path, separator=os.pathsep)
FLAG = Kind("", _read_flag, (bool,))
DTYPE = one_of("auto", "float32", "bfloat16", "float16")


def size_bytes(text: str) -> int | None:
    """The bytes of a SIZE; None for an empty one."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text)
    return int(float(match[1]) * UNIT_BYTES[match[2]]) if match else None
