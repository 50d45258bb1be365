"""Keys as they stand in the text: what they say and where, how they are written, what is refused."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.video.schedules.curves import Clip, texts, values
from pipelines.video.schedules.keyframes import CHARACTERS_MAX, parse, parse_texts, write
from pipelines.video.schedules.mistakes import ScheduleError

CLIP = Clip(10, 42, 15.0)


def test_keys_tell_what_they_are_and_where_they_stand() -> None:
    text = '0: (1), "max_f-2" : ( sin(t) ),30:2'

    first, second, third = parse(text).keys

    assert (first.frame, first.at, first.value, first.is_number) == ("0", 0, "1", True)
    assert (second.frame, second.value, second.is_number) == ("max_f-2", "sin(t)", False)
    assert (third.at, third.value, third.is_number) == (30, "2", True)
    for key in (first, second, third):
        assert text[key.position :].startswith(key.frame)
        assert text[key.value_position :].startswith(key.value)


def test_a_value_alone_is_a_key_at_the_first_frame() -> None:
    (key,) = parse("  1.5 ").keys

    assert (key.at, key.value, key.position) == (0, "1.5", 2)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0:(1),30:( 2.50 )", "0: (1), 30: (2.50)"),
        ("'max_f-2':(t,)".replace(",)", ")"), '"max_f-2": (t)'),
        ("max_f/2:(where(t<5,1,2)),", '"max_f/2": (where(t<5,1,2))'),
        ("7", "0: (7)"),
    ],
)
def test_keys_are_written_in_one_form(text: str, written: str) -> None:
    assert write(parse(text).keys) == written
    assert write(parse(written).keys) == written


def test_names_are_written_in_quotes() -> None:
    text = """0: (Euler a), 5: ('the "best"')"""

    written = write(parse_texts(text).keys)

    assert written == """0: ("Euler a"), 5: ('the "best"')"""
    assert texts(parse_texts(written), CLIP) == texts(parse_texts(text), CLIP)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "is empty"),
        ("  , ", 0, "is empty"),
        ("0: (1), 5", 8, "has no colon"),
        ("0: (1)), 5: (2)", 6, "a bracket was never opened"),
        ("0: ((1), 5: (2)", 3, "a bracket stays open"),
        ('0: (1), "5: (2)', 8, "a quote stays open"),
        ("0: (1), 5: ()", 12, "an expression is missing"),
        ("0: (1), : (2)", 8, "an expression is missing"),
        ("0: (1), 5: (2+x)", 14, "x is not known"),
        ("0: (1), maxf: (2)", 8, "maxf is not known"),
        ("0: (1) 5: (2)", 6, "cannot stand here"),
        ("1, 2", 0, "has no colon"),
        ("0: (" + "9" * 400 + ")", 4, "too large"),
        ("0: (it's)", 6, "a quote stays open"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(ScheduleError, match="zoom") as raised:
        parse(text, "zoom")

    assert words in str(raised.value)
    assert raised.value.remedy
    assert raised.value.position == position or words == "cannot stand here"
    assert raised.value.as_dict()["position"] == raised.value.position


def test_a_frame_that_has_no_number_is_told_with_its_place() -> None:
    with pytest.raises(ScheduleError, match="infinite") as raised:
        values(parse("0: (1), 1/0: (2)"), CLIP)

    assert raised.value.position == 8


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ScheduleError, match="a name is missing"):
        parse_texts('0: ("")')


def test_a_schedule_that_is_too_long_is_refused() -> None:
    with pytest.raises(ScheduleError, match="characters long"):
        parse("1" * (CHARACTERS_MAX + 1))
    with pytest.raises(ScheduleError, match="keys"):
        parse("1:1," * 20_001)


def test_thousands_of_keys_are_read_in_a_blink() -> None:
    text = ", ".join(f"{frame}: ({frame % 7}.5)" for frame in range(5_000))
    begun = time.process_time()

    found = values(parse(text), Clip(5_000, 0, 15))

    assert time.process_time() - begun < 1
    np.testing.assert_array_equal(found, np.arange(5_000) % 7 + 0.5)


@settings(deadline=None, max_examples=150)
@given(
    st.text("0123456789:,()[]'\"ts+-*/ \nmax_f.^", max_size=60) | st.text(max_size=40),
    st.sampled_from([parse, parse_texts]),
)
def test_no_text_raises_anything_else(text: str, read: object) -> None:
    position = 0
    try:
        schedule = read(text)  # type: ignore[operator]
        found = values(schedule, CLIP) if read is parse else texts(schedule, CLIP)
        assert len(found) == 10
    except ScheduleError as error:
        position = error.position
    assert 0 <= position <= len(text)


NUMBERS = st.floats(-1e6, 1e6).map(lambda value: f"{value:.6f}")
KEYS = st.lists(st.tuples(st.integers(0, 12), NUMBERS | st.just("t*2")), min_size=1, max_size=6)


@settings(deadline=None, max_examples=50)
@given(KEYS)
def test_what_is_written_means_the_same(keys: list[tuple[int, str]]) -> None:
    text = ",".join(f"{frame}:({value})" for frame, value in keys)
    schedule = parse(text)

    again = parse(write(schedule.keys))

    np.testing.assert_array_equal(values(again, CLIP), values(schedule, CLIP))
