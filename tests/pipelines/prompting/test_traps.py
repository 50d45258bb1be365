"""Traps: what is read otherwise than it was meant is said with its place, and what is sound is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompting.schedules import Timing
from pipelines.prompting.traps import (
    CHARACTERS_MAX,
    KINDS,
    PARTS_MAX,
    Trap,
    negative_traps,
    traps,
)

TWENTY = Timing(20)


def found(prompt: str, timing: Timing = TWENTY) -> list[tuple[str, str]]:
    return [(trap.code, trap.text) for trap in traps(prompt, timing)]


@pytest.mark.parametrize(
    ("prompt", "code", "text"),
    [
        ("wide shot, 16:9", "and_weight", ":9"),
        ("a : 1.5 # c", "and_weight", " : 1.5"),
        ("(a AND b:1.2)", "and_in_brackets", "AND"),
        ("x (a BREAK b:1.3)", "break_in_brackets", "BREAK"),
        ("[a BREAK b]", "break_in_brackets", "BREAK"),
        ("x (a:1.1.1) y", "bad_weight", "(a:1.1.1)"),
        ("hello (:3)", "eaten_emoticon", "(:3)"),
        ("[a:b]", "schedule_without_number", "[a:b]"),
        ("[a:b:noon] c", "schedule_with_words", "[a:b:noon]"),
        ("[a:b:c:5]", "schedule_with_words", "[a:b:c:5]"),
        ("x [a:b:99]", "past_the_end", "[a:b:99]"),
        ("[a:b:1.0]", "past_the_end", "[a:b:1.0]"),
        ("a (b", "unclosed_bracket", "("),
        ("<lora:x:1> a [b", "unclosed_bracket", "["),
        ("a) b", "unopened_bracket", ")"),
        ("[red:blue:5] | c", "literal_prompt", "|"),
        ("[red:blue:5] c\\", "literal_prompt", "\\"),
        ("write C# code", "comment_in_a_word", "# code"),
        ("a #ff0000 sky\nb", "comment_in_a_word", "#ff0000 sky"),
        ("(a:2000)", "large_weight", "(a:2000)"),
        ("a AND (b:50)(c:1) : 1001", "large_weight", " (b:50)(c:1)"),
    ],
)
def test_a_trap_is_told_with_its_place(prompt: str, code: str, text: str) -> None:
    assert (code, text) in found(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a cat, (big:1.2) [small] ((tiny))",
        "a AND b : 0.5",
        "[red:blue:0.5] [a|b] [c::10] [:d:3]",
        "[a BREAK b:c:5]",
        "(a [b:c:0.5]:1.3)",
        "\\(:3\\) 16:9, wide",
        "# a whole line (\na # a remark (",
        "a <lora:x:1>, <lora:y:0.5:1> b",
        "a {b|c} [d:e:5]",
        "a | b",
        "a: b, c:d",
    ],
)
def test_what_is_sound_is_no_trap(prompt: str) -> None:
    assert found(prompt) == []


def test_a_switch_of_the_second_pass_is_not_past_the_end() -> None:
    assert found("[a:b:25] [c:d:1.5]", Timing(20, 10)) == []
    assert found("[a:b:30]", Timing(20, 10)) == [("past_the_end", "[a:b:30]")]


def test_a_negative_prompt_loads_nothing() -> None:
    found = negative_traps("fog <lora:x:1> 16:9", TWENTY)

    assert [(one.code, one.text) for one in found] == [("network_in_negative", "<lora:x:1>")]


def test_without_weights_brackets_are_no_traps() -> None:
    assert traps("(a:1.1.1) b) (", TWENTY, has_weights=False) == ()


def test_what_would_take_all_memory_is_refused() -> None:
    many, long = " AND ".join("a" * (PARTS_MAX + 1)), "[a|b|c|d|e|f|g|h]" * 2 + "x" * 9900
    steps = Timing(150)

    assert [one.code for one in traps(many, steps)] == ["too_many_parts"]
    assert len(long) * 8 < CHARACTERS_MAX
    assert traps(long, steps) == ()
    ever_new = (
        "["
        + "|".join("abcdefghij" * 10)
        + "]"
        + "".join(f"[{'|'.join('x' * n + str(i) for i in range(n))}]" for n in (7, 9, 11))
    )
    assert [one.code for one in traps(ever_new + "y" * 9000, steps)] == ["too_much_text"]


def test_refused_are_those_that_fail_elsewhere_or_draw_noise() -> None:
    assert {code for code, kind in KINDS.items() if kind.is_refused} == {
        "bad_weight",
        "large_weight",
        "too_many_parts",
        "too_much_text",
    }


@given(st.text("ab ()[]:|\\#<>1.5ANDBREK\n", max_size=60))
def test_each_trap_stands_where_it_says(prompt: str) -> None:
    for find in (traps, negative_traps):
        for trap in find(prompt, TWENTY):
            assert isinstance(trap, Trap)
            assert prompt[trap.begin : trap.end] == trap.text
            assert trap.why
            assert trap.remedy
