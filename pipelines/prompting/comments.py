"""Comments in a prompt: from `#` to the end of its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

NOT_SPACE = re.compile(r"\S")
COMMENT = re.compile(r"^#.*\n?|#.*", re.MULTILINE)


def blanked(text: str, places: Iterable[re.Match[str]]) -> str:
    """The text with blanks at these places, so that all else keeps its own; lines stay lines."""
    pieces, end = [], 0
    for place in places:
        pieces += [text[end : place.start()], NOT_SPACE.sub(" ", place[0])]
        end = place.end()
    return "".join((*pieces, text[end:]))


def comments(prompt: str) -> Iterator[re.Match[str]]:
    """Where they stand."""
    return COMMENT.finditer(prompt)


def without_comments(prompt: str) -> str:
    """A line that begins with `#` is gone whole; of another one what stands before it stays."""
    return COMMENT.sub("", prompt)
