"""Keys that are set, added, moved and taken away on a timeline."""

from __future__ import annotations

import pytest

from pipelines.errors import RequestError
from pipelines.video.schedules.curves import Clip
from pipelines.video.schedules.edits import moved, with_key, with_value, without
from pipelines.video.schedules.keyframes import parse, parse_texts

CLIP = Clip(10, 42, 15.0)
TEXT = '0:(1),5:(min(t,3)),"max_f-1":(2)'


def test_a_key_gets_another_value_and_keeps_its_frame() -> None:
    assert with_value(parse(TEXT), 2, "t*2") == '0: (1), 5: (min(t,3)), "max_f-1": (t*2)'


def test_a_key_is_added_in_the_order_of_frames() -> None:
    assert with_key(parse(TEXT), CLIP, 6, "7") == ('0: (1), 5: (min(t,3)), 6: (7), "max_f-1": (2)')
    assert with_key(parse(TEXT), CLIP, 9, "7").endswith('"max_f-1": (2), 9: (7)')


def test_a_key_is_set_where_one_stands() -> None:
    assert with_key(parse(TEXT), CLIP, 8, "7") == '0: (1), 5: (min(t,3)), "max_f-1": (7)'


def test_of_two_keys_at_a_frame_the_one_that_counts_is_set() -> None:
    assert with_key(parse("0:(1), 0:(2)"), CLIP, 0, "7") == "0: (1), 0: (7)"


def test_a_key_is_moved_and_stands_in_the_order_again() -> None:
    assert moved(parse(TEXT), CLIP, 1, 9) == '0: (1), "max_f-1": (2), 9: (min(t,3))'
    assert moved(parse(TEXT), CLIP, 2, 3) == "0: (1), 3: (2), 5: (min(t,3))"


def test_a_key_that_is_moved_onto_another_takes_its_place() -> None:
    assert moved(parse(TEXT), CLIP, 0, 5) == '5: (1), "max_f-1": (2)'
    assert moved(parse(TEXT), CLIP, 0, 0).startswith("0: (1), 5:")


def test_a_key_is_taken_away() -> None:
    assert without(parse(TEXT), 1) == '0: (1), "max_f-1": (2)'


def test_the_only_key_stays() -> None:
    with pytest.raises(RequestError, match="no other key"):
        without(parse("0:(1)", "zoom"), 0)


def test_names_are_edited_likewise() -> None:
    schedule = parse_texts('0:("Euler a")')

    assert with_key(schedule, CLIP, 5, "DDIM") == '0: ("Euler a"), 5: ("DDIM")'


@pytest.mark.parametrize(
    ("at", "value", "field"),
    [(-1, "1", "zoom.frame"), (10**9, "1", "zoom.frame"), (3, "1), 4: (2", "zoom")],
)
def test_what_is_no_key_is_refused(at: int, value: str, field: str) -> None:
    with pytest.raises(RequestError) as raised:
        with_key(parse(TEXT, "zoom"), CLIP, at, value)

    assert raised.value.field == field


def test_a_key_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequestError, match=r"zoom\.key"):
        moved(parse(TEXT, "zoom"), CLIP, 3, 0)
