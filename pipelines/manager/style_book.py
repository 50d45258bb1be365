"""The styles of each owner: their own in `styles.csv`, which can be changed, beside those that were taken over."""

from __future__ import annotations

import csv
import difflib
import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from pipelines.errors import NotFound, RequestError
from pipelines.graphics.styles import GRAPHIC_STYLES
from pipelines.output.own_files import OwnFiles
from pipelines.prompting.styles import (
    BYTES_MAX,
    COMMENT,
    Style,
    styles_in,
    with_style,
    with_styles,
    without_style,
)
from pipelines.request import PROMPT_BYTES, Request

FILE = "styles.csv"
NAME_MAX = 200
OWN_MAX = 2000
# Those for graphics and logos can be put on any prompt.
HOUSE = tuple(Style(row.name, row.prompt, row.negative_prompt) for row in GRAPHIC_STYLES)
NEAR = 3  # names that are shown in place of one that is not there


class StyleBook:
    """May be asked from any thread. `taken`: the styles that were taken over, as their files are now."""

    def __init__(self, files: OwnFiles, taken: Callable[[], tuple[Style, ...]]) -> None:
        self._files, self._taken = files, taken
        self._changing = threading.Lock()

    def own(self, owner: str) -> tuple[Style, ...]:
        """Those that can be changed."""
        return styles_in(self._text(owner))

    def all(self, owner: str) -> tuple[Style, ...]:
        """Their own, those that were taken over, those of the house; of two of one name the first is seen."""
        own = self.own(owner)
        found: dict[str, Style] = {}
        for style in (*own, *self._taken(), *HOUSE):
            found.setdefault(style.name, style)
        return tuple(found.values())

    def version(self, owner: str) -> str:
        """Another one when any style has changed."""
        digest = hashlib.sha256(repr((self.own(owner), self._taken())).encode("utf-8", "replace"))
        return digest.hexdigest()[:16]

    def put(self, owner: str, style: Style) -> Style:
        """Adds it or changes the one of this name; the file before it stays as `styles.csv.bak`.

        Raises RequestError or DiskFull.
        """
        style = replace(style, name=style.name.strip())
        _check(style)
        with self._changing:
            known = {one.name for one in self.own(owner)}
            if style.name not in known and len(known) >= OWN_MAX:
                why = f"would be the {OWN_MAX + 1:,}th style"
                raise RequestError("name", style.name, why, "Delete some first.")
            self._write(owner, lambda text: with_style(text, style))
        return style

    def remove(self, owner: str, name: str) -> None:
        """Raises NotFound, also for one of another program, or DiskFull."""
        with self._changing:
            if name not in {one.name for one in self.own(owner)}:
                why = f"You have no style {name[:NAME_MAX]} of your own."
                raise NotFound(why, "Those of other programs are changed there.")
            self._write(owner, lambda text: without_style(text, name))

    def chosen(self, names: Iterable[str], owner: str) -> str:
        """Those of the names that there are, as a request has them; the others are passed over, as in AUTOMATIC1111."""
        known = {style.name for style in self.all(owner)}
        return "\n".join(name for name in names if name in known)

    def _text(self, owner: str) -> str:
        return self._files.read(owner, FILE, BYTES_MAX).decode("utf-8-sig", "replace")

    def _write(self, owner: str, change: Callable[[str], str]) -> None:
        try:
            text = change(self._text(owner))
        except csv.Error as error:
            path = self._files.path(owner, FILE)
            why = f"{path} cannot be read ({error})"
            raise RequestError("name", FILE, why, "Mend the file, or delete it.") from None
        self._files.write(owner, FILE, text.encode("utf-8-sig", "replace"), keeps_old=True)


def styled(request: Request, styles: Iterable[Style]) -> Request:
    """With the styles that it names, which are among these, in its prompts, also of hires fix. Raises RequestError."""
    names = [name.strip() for name in request.styles.splitlines() if name.strip()]
    known = {style.name: style for style in styles}
    chosen = [_found(name, known) for name in names]
    prompt, negative = with_styles(request.prompt, request.negative_prompt, chosen)
    hires = request.hires
    if hires is not None:  # where its prompts are empty they are those of the first pass
        own = with_styles(hires.prompt, hires.negative_prompt, chosen)
        hires = replace(
            hires,
            prompt=own[0] if hires.prompt else "",
            negative_prompt=own[1] if hires.negative_prompt else "",
        )
    return replace(request, prompt=prompt, negative_prompt=negative, hires=hires, styles="")


def _found(name: str, known: dict[str, Style]) -> Style:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, NEAR) or sorted(known, key=str.casefold)[:NEAR]
    there = f"Those that are there: {', '.join(near)}." if near else "There are none yet."
    raise RequestError("styles", name, "there is no style of this name", there)


def _check(style: Style) -> None:
    is_plain = style.name.isprintable() and not style.name.startswith(COMMENT)
    if not style.name or len(style.name) > NAME_MAX or not is_plain:
        remedy = f"Use up to {NAME_MAX} characters in one line, the first of which is no {COMMENT}."
        raise RequestError("name", style.name, "is no name for a style", remedy)
    for field in ("prompt", "negative_prompt"):
        text = getattr(style, field)
        if "\0" in text or len(text.encode("utf-8", "replace")) > PROMPT_BYTES:
            remedy = f"Shorten it to at most {PROMPT_BYTES:,} bytes."
            raise RequestError(field, text, "cannot be kept", remedy)
