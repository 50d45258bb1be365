"""Keyframes: a schedule `0: (1), 30: (1 + 0.1*sin(t)), "max_f-1": (2)` read into its keys, and written again.

The form is Deforum's. A frame is a whole number or an expression of max_f and s, quoted or not. A value is a number, an
expression, or in schedules of texts a name. Brackets and quotes around values may be left out, and so may the frame:
`1.5` means `0: (1.5)`. Commas inside brackets belong to the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.video.schedules import expressions
from pipelines.video.schedules.expressions import Expression
from pipelines.video.schedules.mistakes import Place

CHARACTERS_MAX = 200_000
KEYS_MAX = 20_000
FRAME_MAX = 1_000_000_000
PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")
PLAIN_FRAME = re.compile(r"\d{1,9}")
QUOTES = "\"'"
OPENING, CLOSING = "([{", ")]}"
ORDER = re.compile(r"""["'()\[\]{},:]""")


@dataclass(frozen=True)
class Key:
    """One key. `frame` and `value` are as they were written, without quotes and brackets around them.

    `at`: the frame as a number, or the expression that gives it. `meaning`: the value as a number, as an expression,
    or None in schedules of texts. `position` and `value_position` count characters of the schedule's text from 0.
    """

    frame: str
    value: str
    at: int | Expression
    meaning: float | Expression | None = None
    position: int = 0
    value_position: int = 0

    @property
    def is_number(self) -> bool:
        """Whether the values between this key and the next one lie on a line."""
        return isinstance(self.meaning, float)


@dataclass(frozen=True)
class Schedule:
    """A schedule that has been read: at least one key, in the order of the text. `field`: whose it is."""

    field: str
    text: str
    keys: tuple[Key, ...]

    @property
    def holds_texts(self) -> bool:
        """Whether its values are names and not numbers."""
        return self.keys[0].meaning is None

    def place(self, key: Key) -> Place:
        """Where a key's value stands."""
        return Place(self.field, self.text, key.value_position)


def parse(text: str, field: str = "schedule") -> Schedule:
    """A schedule of numbers. Raises ScheduleError with the character that cannot be read."""
    return Schedule(field, text, tuple(_key(frame, value) for frame, value in _pieces(text, field)))


def parse_texts(text: str, field: str = "schedule") -> Schedule:
    """A schedule of names, such as samplers. Raises ScheduleError with the character that cannot be read."""
    keys = tuple(_text_key(frame, value) for frame, value in _pieces(text, field))
    return Schedule(field, text, keys)


def write(keys: Iterable[Key]) -> str:
    """The text of these keys: `0: (1), 30: (2)`; frames that are expressions and texts are quoted."""
    return ", ".join(f"{_frame_text(key)}: ({_value_text(key)})" for key in keys)


def frame_of(text: str, place: Place) -> int | Expression:
    """A frame as it stands before a colon or in a list of prompts. Raises ScheduleError."""
    if PLAIN_FRAME.fullmatch(text.strip()):
        return int(text)
    return expressions.read(text, place)


@dataclass(frozen=True)
class _Piece:
    """A part of the text, and where it stands."""

    text: str
    place: Place

    def cut(self, start: int, end: int) -> _Piece:
        return _Piece(self.text[start:end], self.place.at(self.place.start + start))

    def stripped(self) -> _Piece:
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, max(start, len(self.text.rstrip())))

    def bare(self) -> _Piece:
        """Without blanks and one pair of quotes around it."""
        inner = self.stripped()
        if _quote_end(inner.text) == len(inner.text) - 1:
            return inner.cut(1, len(inner.text) - 1).stripped()
        return inner

    def inside(self) -> _Piece:
        """Without the brackets around all of it."""
        inner = self.stripped()
        while inner.text.startswith("(") and _bracket_end(inner.text) == len(inner.text) - 1:
            inner = inner.cut(1, len(inner.text) - 1).stripped()
        return inner


def _pieces(text: str, field: str) -> Iterator[tuple[_Piece | None, _Piece]]:
    """(frame, value) of each key; None for the frame of a value that stands alone."""
    place = Place(field, text)
    if len(text) > CHARACTERS_MAX:
        why = f"is {len(text):,} characters long"
        raise place.error(why, f"Use at most {CHARACTERS_MAX:,}.", CHARACTERS_MAX)
    whole = _Piece(text, place)
    entries = [piece for piece in _split(whole, ",") if piece.text.strip()]
    if not entries:
        raise place.error("is empty", "Write a number, or keys such as 0: (1), 30: (2).")
    if len(entries) > KEYS_MAX:
        raise place.error(f"has {len(entries):,} keys", f"Use at most {KEYS_MAX:,}.")
    halves = [_split(entry, ":", 1) for entry in entries]
    if len(halves) == 1 and len(halves[0]) == 1:
        yield None, halves[0][0].inside()
        return
    for parts in halves:
        if len(parts) == 1:
            piece = parts[0].stripped()
            remedy = "Write frame: (value), with a comma between keys."
            raise piece.place.error("has no colon between frame and value", remedy)
        yield parts[0].bare(), parts[1].inside()


def _split(piece: _Piece, sign: str, times: int = -1) -> list[_Piece]:
    """At the signs that stand outside of brackets and quotes. Raises ScheduleError for one that stays open."""
    found, start = [], 0
    for index, letter, depth in _outside(piece):
        if letter == sign and not depth and times:
            found.append(piece.cut(start, index))
            start, times = index + 1, times - 1
    return [*found, piece.cut(start, len(piece.text))]


def _outside(piece: _Piece) -> Iterator[tuple[int, str, int]]:
    """(index, sign, depth of brackets) of the signs of order that are not quoted."""
    opened: list[int] = []
    text, unquoted = piece.text, 0
    for found in ORDER.finditer(text):
        index, sign = found.start(), found.group()
        if index < unquoted:
            continue
        if sign in QUOTES:
            unquoted = text.find(sign, index + 1) + 1
            if not unquoted:
                raise piece.place.error("a quote stays open", f"Close it with {sign}.", index)
        elif sign in OPENING:
            opened.append(index)
        elif sign in CLOSING:
            if not opened:
                remedy = "Take it away, or open it before."
                raise piece.place.error("a bracket was never opened", remedy, index)
            opened.pop()
        yield index, sign, len(opened)
    if opened:
        raise piece.place.error("a bracket stays open", "Close it with ).", opened[-1])


def _quote_end(text: str) -> int:
    return text.find(text[0], 1) if text[:1] and text[0] in QUOTES else -2


def _bracket_end(text: str) -> int:
    """Where the bracket ends that the text begins with."""
    ends = (i for i, _, depth in _outside(_Piece(text, Place("", text))) if not depth)
    return next(ends)


def _key(frame: _Piece | None, value: _Piece) -> Key:
    value = value.bare()
    if PLAIN_NUMBER.fullmatch(value.text):
        number = float(value.text)
        if math.isinf(number):
            raise value.place.error("a number is too large", "Use less than 1e308.")
        return _with_frame(frame, value, number)
    return _with_frame(frame, value, expressions.read(value.text, value.place))


def _text_key(frame: _Piece | None, value: _Piece) -> Key:
    bare = value.bare()
    if not bare.text:
        raise value.place.error("a name is missing", 'Write a name such as ("Euler a").')
    return _with_frame(frame, bare, None)


def _with_frame(frame: _Piece | None, value: _Piece, meaning: float | Expression | None) -> Key:
    start = value.place.start
    if frame is None:
        return Key("0", value.text, 0, meaning, start, start)
    at = frame_of(frame.text, frame.place)
    return Key(frame.text, value.text, at, meaning, frame.place.start, start)


def _frame_text(key: Key) -> str:
    return str(key.at) if isinstance(key.at, int) else f'"{key.frame}"'


def _value_text(key: Key) -> str:
    if key.meaning is not None:
        return key.value
    quote = "'" if '"' in key.value else '"'
    return f"{quote}{key.value}{quote}"
