"""Texts that change over the steps, case by case as AUTOMATIC1111 reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompting.schedules import Timing, schedule


def read(text: str, steps: int = 10, hires_steps: int | None = None) -> list[tuple[int, str]]:
    return [*schedule(text, Timing(steps, hires_steps))]


@pytest.mark.parametrize(
    ("text", "steps", "hires_steps", "spans"),
    [
        ("[a:b:0.5]", 10, None, [(5, "a"), (10, "b")]),
        ("[a:5]", 10, None, [(5, ""), (10, "a")]),
        ("[a::0.3] b", 20, None, [(6, "a b"), (20, " b")]),
        ("[a:b:0]", 10, None, [(10, "b")]),
        ("[a|b]", 4, None, [(1, "a"), (2, "b"), (3, "a"), (4, "b")]),
        ("[a:[b:c:0.8]:0.3]", 10, None, [(3, "a"), (8, "b"), (10, "c")]),
        ("(a [b:c:0.5]:1.3)", 10, None, [(5, "(a b:1.3)"), (10, "(a c:1.3)")]),
        ("[a:b]", 10, None, [(10, "[a:b]")]),
        ("[a:b:c:5]", 10, None, [(10, "[a:b:c:5]")]),
        ("a [b:c:99]", 10, None, [(10, "a b")]),
        ("[a:b:0.5]", 20, 10, [(10, "b")]),
        ("[a:b:25]", 20, 10, [(5, "a"), (10, "b")]),
        ("\\[a:b:0.5\\]", 10, None, [(10, "\\[a:b:0.5\\]")]),
        ("[a:b:1.5]", 20, 10, [(5, "a"), (10, "b")]),
        ("[a:b:1.0]", 20, 10, [(10, "b")]),
        ("[a:b:20]", 20, 10, [(10, "b")]),
        ("[a:b:1.5]", 20, None, [(20, "a")]),
        ("[a: b : 5 ]", 10, None, [(5, "a"), (10, " b ")]),
        ("[a:b:-3]", 10, None, [(10, "b")]),
        ("[a:b:1e999]", 10, None, [(10, "a")]),
        ("[a:b:.5]", 10, None, [(5, "a"), (10, "b")]),
        ("[fe|]male", 2, None, [(1, "female"), (2, "male")]),
        ("[|a||]", 4, None, [(1, ""), (2, "a"), (3, ""), (4, "")]),
        ("[a|[b:c:3]]", 4, None, [(1, "a"), (2, "b"), (3, "a"), (4, "c")]),
        ("[[a:5]", 10, None, [(5, "["), (10, "[a")]),
        ("[a:5]]", 10, None, [(5, "]"), (10, "a]")]),
        ("x: [a:5] :)", 10, None, [(5, "x:  :)"), (10, "x: a :)")]),
        ("(a:b:c [d:5])", 10, None, [(5, "(a:b:c )"), (10, "(a:b:c d)")]),
        ("[a (b:c:d) e:5]", 10, None, [(10, "[a (b:c:d) e:5]")]),
        ("[a:b:\n5]", 10, None, [(5, "a"), (10, "b")]),
    ],
)
def test_each_text_holds_to_its_step(
    text: str, steps: int, hires_steps: int | None, spans: list[tuple[int, str]]
) -> None:
    assert read(text, steps, hires_steps) == spans


@pytest.mark.parametrize(
    "text",
    ["a | b [c:5]", "[c:5] (a|b)", "[a|b:5] [c:5]", "[c:5] [a|b", "[a:5] \\", "\\\n[a:5]", "[a|b)"],
)
def test_a_bar_outside_of_an_alternation_makes_all_of_it_text(text: str) -> None:
    assert read(text) == [(10, text)]


@given(st.text("ab ,1.()", max_size=40), st.integers(1, 30))
def test_text_without_square_brackets_never_changes(text: str, steps: int) -> None:
    assert read(text, steps) == [(steps, text)]


@given(st.text("ab[]():|\\1.5 ", max_size=60), st.integers(1, 30), st.none() | st.integers(1, 30))
def test_the_last_text_holds_to_the_last_step(
    text: str, steps: int, hires_steps: int | None
) -> None:
    untils = [until for until, _ in read(text, steps, hires_steps)]

    assert untils == sorted(set(untils))
    assert untils[0] >= 1
    assert untils[-1] == (steps if hires_steps is None else hires_steps)


@given(st.text("ab ", max_size=9), st.text("cd ", max_size=9), st.integers(1, 9))
def test_a_switch_is_after_its_step(before: str, after: str, when: int) -> None:
    assert read(f"[{before}:{after}:{when}]") == [(when, before), (10, after)]
