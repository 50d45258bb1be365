"""What a user looks for, as SQL: words, filters and a place to go on from. Values only ever travel as parameters.

Words are joined by "and" and found at the beginning of a word of prompt, negative prompt, checkpoint or sampler;
"quoted words" are found together. Scripts without spaces between words are searched by substring.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import RequestError
from pipelines.output.record import Filters, PictureRecord

LIMIT_MAX = 200
TEXT_CHARS = 500
TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
WORDY = re.compile(r"[^\W_]")  # holds something that full-text search takes for a word
SPACELESS = re.compile(r"[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2E80-\U0010FFFF]")  # Thai to CJK
ALL_TEXT = "prompt || char(10) || negative_prompt || char(10) || checkpoint || char(10) || sampler"


@dataclass(frozen=True)
class Query:
    """One page of one owner's pictures."""

    owner: str
    text: str = ""
    cursor: str = ""
    limit: int = 60
    filters: Filters = field(default_factory=lambda: Filters())

    def condition(self, full_text: bool) -> tuple[str, tuple[Any, ...]]:
        """The WHERE clause and its values, for SQLite with or without full-text search."""
        parts: list[str] = [
            "owner = ?",
            f"(trashed IS NULL) = {int(not self.filters.get('trash'))}",
        ]
        values: list[Any] = [self.owner]
        for name, test in TESTS.items():
            value = self.filters.get(name)
            if value not in (None, ""):
                parts.append(test)
                values.append(value)
        matched = []
        for term in self._terms():
            if full_text and WORDY.search(term) and not SPACELESS.search(term):
                matched.append(f'"{term}"*')
            else:
                parts.append(f"{ALL_TEXT} LIKE ? ESCAPE '\\'")
                values.append("%" + re.sub(r"([\\%_])", r"\\\1", term) + "%")
        if matched:
            parts.append("rowid IN (SELECT rowid FROM words WHERE words MATCH ?)")
            values.append(" ".join(matched))
        return " AND ".join(parts), tuple(values)

    def _terms(self) -> list[str]:
        text = self.text[:TEXT_CHARS].replace("\0", " ")
        return [
            quoted.strip() or word
            for quoted, word in TERM.findall(text)
            if (quoted or word).strip()
        ]

    def after_cursor(self) -> tuple[str, tuple[Any, ...]]:
        """Where the page begins. New pictures come in before it, so no page shifts."""
        if not self.cursor:
            return "1", ()
        created, _, picture_id = self.cursor.partition("~")
        try:
            time = float(created)
        except ValueError:
            time = math.nan
        if not (math.isfinite(time) and picture_id.isalnum() and picture_id.isascii()):
            raise RequestError(
                "cursor", self.cursor, "is no cursor of ours", "Start at the first page."
            )
        return "(created, id) < (?, ?)", (time, picture_id)

    @staticmethod
    def cursor_at(last: PictureRecord) -> str:
        return f"{last.created!r}~{last.id}"


TESTS = {
    "checkpoint": "checkpoint = ?",
    "sampler": "sampler = ?",
    "after": "created >= ?",
    "before": "created < ?",
}
