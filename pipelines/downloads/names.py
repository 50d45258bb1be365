"""Names of files and folders of our own making: what a server or a user calls a thing is only a suggestion."""

from __future__ import annotations

import re
import unicodedata

LONGEST_BYTES = 100
UNSAFE = re.compile(r'[<>:"/\\|?*\s]+')
# Windows gives these to devices, whatever their suffix is.
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.I)
PART = re.compile(r"[A-Za-z0-9_][\w.\-]{0,99}", re.A)
DEPTH = 2  # a file of a diffusers folder lies at its top or in a component's folder


def safe_name(wanted: str) -> str:
    """A name that every file system takes and that leads nowhere; "model" if nothing is left of it."""
    text = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", wanted))
    text = UNSAFE.sub("-", text).strip(". -")
    text = text.encode()[:LONGEST_BYTES].decode(errors="ignore").strip(". -")
    return f"{text}-model" if RESERVED.fullmatch(text) else text or "model"


def is_plain_path(path: str) -> bool:
    """Whether a file of a repository may keep its path below the model's folder."""
    parts = path.split("/")
    is_plain = all(
        PART.fullmatch(part) and not RESERVED.fullmatch(part) and part[-1] != "." for part in parts
    )
    return is_plain and len(parts) <= DEPTH
