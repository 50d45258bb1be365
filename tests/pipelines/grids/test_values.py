"""Values of an axis are read as AUTOMATIC1111 writes them; what cannot be read is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import RequestError
from pipelines.grids import values

NAME = "grid.x.values"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1, 5, 3", [1, 5, 3]),
        ("2, 2, 1, 2", [2, 2, 1, 2]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-5 (+2)", [1, 3, 5]),
        ("10-5 (-3)", [10, 7]),
        ("5-1", [5, 4, 3, 2, 1]),
        ("1-10 [5]", [1, 3, 5, 7, 10]),
        ("-5--2", [-5, -4, -3, -2]),
        ("-1", [-1]),
        ("+3 - +5", [3, 4, 5]),
        ("20, 30-50 (+10)", [20, 30, 40, 50]),
        ("7 [1]", None),
        ("3-3", [3]),
        ("1-9 [1]", [1]),
        ("1\n2\n3", [1, 2, 3]),
        ("1,,2,", [1, 2]),
    ],
)
def test_whole_numbers(text: str, expected: list[int] | None) -> None:
    if expected is None:
        with pytest.raises(RequestError, match="neither a number nor a range"):
            values.wholes(NAME, text)
    else:
        assert values.wholes(NAME, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5-1 (+0.1)", [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("0-1 [3]", [0.0, 0.5, 1.0]),
        ("1-0 (-0.5)", [1.0, 0.5, 0.0]),
        ("7, 7.5, .5", [7.0, 7.5, 0.5]),
        ("-1.5-0 [2]", [-1.5, 0.0]),
        ("1.-2", [1.0, 2.0]),
    ],
)
def test_numbers(text: str, expected: list[float]) -> None:
    assert values.numbers(NAME, text) == expected


def test_commas_part_and_quotes_hold_together() -> None:
    text = 'red, "dark, blue" ,"say ""hi"""'
    assert values.split(NAME, text) == ["red", "dark, blue", 'say "hi"']


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1-x", "is neither a number nor a range"),
        ("1.5", "is no whole number"),
        ("1-5 (-1)", "never lead from 1 to 5"),
        ("1-5 (0)", "never lead"),
        ("1-2000", "2,000 values"),
        ("1-1000000000000", "1,000,000,000,000 values"),
        ("1-2 [0]", "0 values"),
        ("1-2 [5000]", "5,000 values"),
        ("1-1000, 1-1000", "more than 1,024"),
        ("", "there is no value"),
        (" , ,", "there is no value"),
        ("nan", "neither"),
        ("1e5", "neither"),
        ("9" * 30, "neither"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why) as caught:
        values.wholes(NAME, text)

    assert caught.value.field == NAME
    assert caught.value.remedy


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (values.split, values.wholes, values.numbers):
        try:
            found = read(NAME, text)
        except RequestError:
            continue
        assert 1 <= len(found) <= values.VALUES_MAX


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(1, 40))
def test_a_range_stays_between_its_ends(first: int, last: int, step: int) -> None:
    sign = "+" if last >= first else "-"
    found = values.wholes(NAME, f"{first}-{last} ({sign}{step})")

    assert found[0] == first
    assert min(first, last) <= min(found)
    assert max(found) <= max(first, last)
    assert len(found) == abs(last - first) // step + 1
