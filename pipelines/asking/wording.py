"""How prompts are read where AUTOMATIC1111 leaves a choice."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.fields import within

COMMA_BACKTRACK = (0, 74)
# How weights in a prompt act → as AUTOMATIC1111 writes it.
EMPHASES = {
    "original": "Original",  # weighted, then the whole brought back to its mean
    "no norm": "No norm",  # weighted only; better for SDXL
    "ignore": "Ignore",  # brackets are read and count nothing
    "none": "None",  # brackets are text
}


@dataclass(frozen=True, kw_only=True)
class Wording:
    emphasis: str = "original"
    comma_backtrack: int = 20  # a chunk that is full ends at a comma so many tokens back


def check_wording(wording: Wording) -> None:
    """Raises RequestError that names "wording.emphasis" or "wording.comma_backtrack"."""
    if wording.emphasis not in EMPHASES:
        remedy = f"Use one of: {', '.join(EMPHASES)}."
        raise RequestError("wording.emphasis", wording.emphasis, "is not known", remedy)
    within("wording.comma_backtrack", wording.comma_backtrack, COMMA_BACKTRACK, "tokens")
