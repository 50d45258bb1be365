"""Styles: pieces of prompts under a name, as AUTOMATIC1111 keeps them in `styles.csv`. The file is only read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BYTES_MAX = 8 * 2**20
PLACE = "{prompt}"
COMMENT = "#"  # begins the name of a row that only parts the list


@dataclass(frozen=True)
class Style:
    """`{prompt}` in a text is where one's own prompt stands; without it, the text stands behind."""

    name: str
    prompt: str = ""
    negative_prompt: str = ""


def with_styles(prompt: str, negative_prompt: str, styles: Iterable[Style]) -> tuple[str, str]:
    """Both prompts with these styles, one after the other."""
    for style in styles:
        prompt = _with(prompt, style.prompt)
        negative_prompt = _with(negative_prompt, style.negative_prompt)
    return prompt, negative_prompt


def _with(own: str, text: str) -> str:
    if PLACE in text:
        return text.replace(PLACE, own)
    return ", ".join(part for part in (own.strip(), text.strip()) if part)


def read_styles(paths: Iterable[Path]) -> tuple[Style, ...]:
    """All of these files; of two styles of one name the last counts. What cannot be read has none."""
    return tuple({style.name: style for path in paths for style in _read(path)}.values())


def _read(path: Path) -> Iterator[Style]:
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX).decode("utf-8-sig", "replace")
        rows = list(csv.DictReader(text.splitlines(keepends=True)))
    except (OSError, csv.Error):
        return
    for row in rows:
        name = (row.get("name") or "").strip()
        if name and not name.startswith(COMMENT):
            prompt = row.get("prompt") or row.get("text") or ""  # files of 2022 say "text"
            yield Style(name, prompt, row.get("negative_prompt") or "")
