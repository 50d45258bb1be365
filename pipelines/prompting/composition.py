"""`a cat AND a dog : 0.5`: a prompt as a weighted sum of parts (Liu et al. 2022, arXiv:2206.01714)."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

LARGEST = sys.float_info.max
AND = re.compile(r"\bAND\b")
NUMBER = re.compile(r"[-+]?(?:\d+\.?|\d*\.\d+)")


class Term(NamedTuple):
    """A part and how much it counts."""

    text: str
    weight: float = 1.0


def terms(text: str) -> tuple[Term, ...]:
    """What stands between the words AND, at least one. A number behind a colon at the end of a part is its weight."""
    return tuple(_term(part.rstrip()) for part in AND.split(text))


def _term(part: str) -> Term:
    text, colon, number = part.rpartition(":")
    if colon and NUMBER.fullmatch(number.strip()):
        return Term(text.rstrip(), min(max(float(number), -LARGEST), LARGEST))
    return Term(part)
