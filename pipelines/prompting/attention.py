"""`(more:1.3)` and `[less]`: how much each piece of a text counts, read as AUTOMATIC1111 reads it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

MORE, LESS = 1.1, 1 / 1.1
TOKEN = re.compile(
    r"\\(?P<escaped>[()\[\]\\])"
    r"|(?P<open>[(\[])"
    r"|(?P<weight>:\s*(?P<number>[-+]?[.\d]+)\s*\))"
    r"|(?P<close>[)\]])"
    r"|(?P<text>[^\\()\[\]:]+|[\\:])"
)
BREAK_WORD = re.compile(r"\bBREAK\b")


class Segment(NamedTuple):
    """A piece of a text and its weight."""

    text: str
    weight: float = 1.0


BREAK = Segment("BREAK", -1)  # ends a chunk. Inside of brackets it has another weight and is a word


def attention(text: str) -> tuple[Segment, ...]:
    """Its pieces, at least one; neighbours of equal weight are one piece, those at both sides of a BREAK are not.

    Brackets that are never closed reach to the end; those that close nothing are text, as is a weight that is none.
    """
    reader = _Reader()
    for token in TOKEN.finditer(text):
        reader.take(token)
    return tuple(_merged(reader.segments())) or (Segment(""),)


class _Reader:
    """Pieces so far, and where the open brackets of each kind begin among them."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._own: list[float] = []
        self._spans: list[tuple[int, int, float]] = []  # (begin, end, factor), inner ones first
        self._open: dict[str, list[int]] = {"(": [], "[": []}

    def take(self, token: re.Match[str]) -> None:
        round_open, square_open = self._open["("], self._open["["]
        if token["escaped"]:
            self._add(token["escaped"])
        elif token["open"]:
            self._open[token["open"]].append(len(self._texts))
        elif token["weight"] and round_open:
            weight = number_of(token["number"])
            if weight is None:
                self._words(token["weight"][:-1])
            self._close(round_open.pop(), MORE if weight is None else weight)
        elif token["close"] == ")" and round_open:
            self._close(round_open.pop(), MORE)
        elif token["close"] == "]" and square_open:
            self._close(square_open.pop(), LESS)
        else:
            self._words(token[0])

    def segments(self) -> Iterator[Segment]:
        """All pieces, with what the brackets around them make of their weights."""
        for begin in self._open["("]:
            self._close(begin, MORE)
        for begin in self._open["["]:
            self._close(begin, LESS)
        weights = np.array(self._own, np.float64)
        with np.errstate(all="ignore"):  # a thousand brackets make no number that is of use
            for begin, end, factor in self._spans:
                weights[begin:end] *= factor
        if not np.isfinite(weights).all():
            weights = np.nan_to_num(weights)
        return map(Segment, self._texts, weights.tolist())

    def _close(self, begin: int, factor: float) -> None:
        self._spans.append((begin, len(self._texts), factor))

    def _words(self, text: str) -> None:
        first, *others = BREAK_WORD.split(text)
        if not others:
            self._add(first)
            return
        self._add(first.rstrip())
        for number, part in enumerate(others):
            self._add(*BREAK)
            is_last = number == len(others) - 1
            self._add(part.lstrip() if is_last else part.strip())

    def _add(self, text: str, weight: float = 1.0) -> None:
        self._texts.append(text)
        self._own.append(weight)


def _merged(segments: Iterator[Segment]) -> Iterator[Segment]:
    for weight, alike in groupby(segments, key=lambda segment: segment.weight):
        yield Segment("".join(segment.text for segment in alike), weight)


def number_of(text: str) -> float | None:
    """The weight that this text says; None when it is no number."""
    try:
        weight = float(text)
    except ValueError:  # 1.1.1
        return None
    return weight if math.isfinite(weight) else None
