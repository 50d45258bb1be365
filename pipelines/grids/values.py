"""Values of an axis as people write them, as in AUTOMATIC1111: `1, 5`, `1-5`, `1-5 (+2)`, `10-5 (-3)`, `0-1 [3]`. Pure.

Commas part values; quotes hold together what has commas in it, and two quotes inside them are one.
"""

from __future__ import annotations

import csv
import re
from decimal import Decimal

from pipelines.errors import RequestError

VALUES_MAX = 1024
TEXT_BYTES_MAX = 100_000
NUMBER = r"[+-]?\s*(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})"
ONE = re.compile(NUMBER)
# First and last one, and how it goes from one to the other: by so much, or over so many.
RANGE = re.compile(
    rf"({NUMBER})\s*-\s*({NUMBER})\s*(?:\(\s*({NUMBER})\s*\)|\[\s*(\d{{1,9}})\s*\])?"
)
WRITE_NUMBERS = "Write numbers with commas between them, or a range: 10-50 (+10), 1-10 [5]."
WRITE_LESS = f"A grid takes {VALUES_MAX:,} at most."


def split(name: str, text: str) -> list[str]:
    """The values of a text, each as it is written. Raises RequestError that names e.g. "grid.x.values"."""
    if len(text) > TEXT_BYTES_MAX:
        raise RequestError(name, text, f"is longer than {TEXT_BYTES_MAX:,} characters", WRITE_LESS)
    try:
        rows = list(csv.reader(text.splitlines(), skipinitialspace=True))
    except csv.Error as error:
        raise RequestError(name, text, f"cannot be read ({error})", "Look at its quotes.") from None
    found = [part.strip() for row in rows for part in row if part.strip()]
    if not found:
        raise RequestError(name, text, "there is no value", "Write some with commas between them.")
    if len(found) > VALUES_MAX:
        raise RequestError(name, text, f"these are {len(found):,} values", WRITE_LESS)
    return found


def numbers(name: str, text: str) -> list[float]:
    """Numbers, and ranges of them. Raises RequestError."""
    return [float(one) for one in _all(name, text)]


def wholes(name: str, text: str) -> list[int]:
    """Whole numbers, and ranges of them; where a range falls between two, the one nearer to 0. Raises RequestError."""
    for part in split(name, text):
        if ONE.fullmatch(part) and _decimal(part) % 1:
            raise RequestError(name, part, "is no whole number", WRITE_NUMBERS)
    return [int(one) for one in _all(name, text)]


def _all(name: str, text: str) -> list[Decimal]:
    found: list[Decimal] = []
    for part in split(name, text):
        found += [_decimal(part)] if ONE.fullmatch(part) else _range(name, part)
        if len(found) > VALUES_MAX:
            raise RequestError(name, text, f"are more than {VALUES_MAX:,} values", WRITE_LESS)
    return found


def _range(name: str, text: str) -> list[Decimal]:
    match = RANGE.fullmatch(text)
    if match is None:
        raise RequestError(name, text, "is neither a number nor a range", WRITE_NUMBERS)
    first, last = _decimal(match[1]), _decimal(match[2])
    if match[4]:
        return _spread(name, text, (first, last), int(match[4]))
    step = _decimal(match[3]) if match[3] else Decimal(1 if last >= first else -1)
    if not step or (last - first) * step < 0:
        why = f"steps of {step} never lead from {first} to {last}"
        raise RequestError(name, text, why, "Write other ones, such as 10-50 (+10) or 5-1 (-1).")
    count = int((last - first) / step) + 1
    _check_count(name, text, count)
    return [first + number * step for number in range(count)]


def _spread(name: str, text: str, ends: tuple[Decimal, Decimal], count: int) -> list[Decimal]:
    """So many, evenly, with both ends."""
    first, last = ends
    _check_count(name, text, count)
    gaps = max(1, count - 1)
    return [first + (last - first) * number / gaps for number in range(count)]


def _check_count(name: str, text: str, count: int) -> None:
    if not 1 <= count <= VALUES_MAX:
        raise RequestError(name, text, f"these are {count:,} values", WRITE_LESS)


def _decimal(text: str) -> Decimal:
    return Decimal("".join(text.split()))
