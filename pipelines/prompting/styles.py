"""Styles: pieces of prompts under a name, in `styles.csv` as AUTOMATIC1111 has them; read, written, put on and off."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BYTES_MAX = 8 * 2**20
PLACE = "{prompt}"
COLUMNS = ("name", "prompt", "negative_prompt")
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


def without_styles(
    prompt: str, negative_prompt: str, styles: Iterable[Style]
) -> tuple[str, str, tuple[str, ...]]:
    """(prompt, negative prompt, names of the styles) of which `with_styles` makes these prompts, as far as it shows.

    As in AUTOMATIC1111: both texts of a style must be there, at the ends; what was put on last is taken off first.
    """
    known = [style for style in styles if style.prompt.strip() or style.negative_prompt.strip()]
    found: list[str] = []
    while (off := _taken_off(prompt, negative_prompt, known)) is not None:
        prompt, negative_prompt, style = off
        found.insert(0, style.name)
        known.remove(style)
    return prompt, negative_prompt, tuple(found)


def _taken_off(
    prompt: str, negative_prompt: str, styles: Iterable[Style]
) -> tuple[str, str, Style] | None:
    for style in styles:
        one, other = (
            _without(prompt, style.prompt),
            _without(negative_prompt, style.negative_prompt),
        )
        if one is not None and other is not None:
            return one, other, style
    return None


def _without(text: str, style: str) -> str | None:
    """The text before this was put on; None: it does not show."""
    text, style = text.strip(), style.strip()
    if not style:
        return text
    if PLACE in style:
        before, _, after = style.partition(PLACE)
        is_there = text.startswith(before) and text.endswith(after)
        if not is_there or len(text) < len(before) + len(after) or PLACE in after:
            return None
        return text[len(before) : len(text) - len(after)]
    if text == style:
        return ""
    return text[: -len(style) - 2] if text.endswith(f", {style}") else None


def read_styles(paths: Iterable[Path]) -> tuple[Style, ...]:
    """All of these files; of two styles of one name the last counts. What cannot be read has none."""
    texts = (_text(path) for path in paths)
    return tuple({style.name: style for text in texts for style in styles_in(text)}.values())


def styles_in(text: str) -> tuple[Style, ...]:
    """Those of a file, by their order; of two of one name the last counts."""
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error:
        return ()
    return tuple({style.name: style for row in rows if (style := _style(row))}.values())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _style(row: dict[str, str]) -> Style | None:
    name = (row.get("name") or "").strip()
    if not name or name.startswith(COMMENT):
        return None
    prompt = row.get("prompt") or row.get("text") or ""  # files of 2022 say "text"
    return Style(name, prompt, row.get("negative_prompt") or "")


# ---- written -----------------------------------------------------------------------------------------------


def with_style(text: str, style: Style) -> str:
    """The file's text with this style in place of the one of its name, else at the end; all else stays as it is."""
    header, rows = _table(text)
    values = {"name": style.name, "prompt": style.prompt, "negative_prompt": style.negative_prompt}
    same = [row for row in rows if row.get("name", "").strip() == style.name]
    if same:
        same[-1].update(values)
    else:
        rows.append(values)
    return _written(header, rows)


def without_style(text: str, name: str) -> str:
    """The file's text without the style of this name."""
    header, rows = _table(text)
    return _written(header, [row for row in rows if row.get("name", "").strip() != name])


def _table(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """(columns, rows): all three columns are there, those that others have added stay behind them."""
    lines = list(csv.reader(io.StringIO(text, newline="")))
    header = ["prompt" if name == "text" else name for name in (lines[0] if lines else COLUMNS)]
    header += [name for name in COLUMNS if name not in header]
    rows = [dict(zip(header, line, strict=False)) for line in lines[1:] if line]
    return header, rows


def _written(header: list[str], rows: list[dict[str, str]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, header, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
