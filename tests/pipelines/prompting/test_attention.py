"""Weights of pieces of a text, pair by pair as AUTOMATIC1111 reads them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompting.attention import BREAK, Segment, attention


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", [("", 1.0)]),
        ("(a cat)", [("a cat", 1.1)]),
        ("[a cat]", [("a cat", 0.9090909090909091)]),
        ("(a cat:1.5)", [("a cat", 1.5)]),
        ("(a cat:-1)", [("a cat", -1.0)]),
        ("(a cat: 1.3 )", [("a cat", 1.3)]),
        ("(a cat:.5)", [("a cat", 0.5)]),
        ("(a cat:1.)", [("a cat", 1.0)]),
        ("a \\[cat\\]", [("a [cat]", 1.0)]),
        ("a \\\\ b", [("a \\ b", 1.0)]),
        ("a \\b", [("a \\b", 1.0)]),
        ("(a cat", [("a cat", 1.1)]),
        ("[a cat", [("a cat", 0.9090909090909091)]),
        ("((a) cat", [("a", 1.2100000000000002), (" cat", 1.1)]),
        ("a) cat]", [("a) cat]", 1.0)]),
        ("a:1.3) cat", [("a:1.3) cat", 1.0)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("a BREAK b", [("a", 1.0), ("BREAK", -1), ("b", 1.0)]),
        ("a BREAK BREAK b", [("a", 1), ("BREAK", -1), ("", 1), ("BREAK", -1), ("b", 1)]),
        ("aBREAKb", [("aBREAKb", 1.0)]),
        ("(a:1.2)(b:1.2)", [("ab", 1.2)]),
        ("([a])", [("a", 1.0)]),
        ("(:3)", [("", 1.0)]),
        ("\\(:3\\)", [("(:3)", 1.0)]),
        (
            "a, (b, [c], (d:0.5)), e",
            [("a, ", 1), ("b, ", 1.1), ("c", 1), (", ", 1.1), ("d", 0.55), (", e", 1)],
        ),
        ("時計 (猫:1.2)", [("時計 ", 1.0), ("猫", 1.2)]),
    ],
)
def test_each_piece_has_its_weight(text: str, segments: list[tuple[str, float]]) -> None:
    assert [*attention(text)] == segments


def test_brackets_of_both_kinds_may_cross() -> None:
    assert attention("(a [b) c]") == (("a ", 1.1), ("b", 1.0), (" c", 1 / 1.1))


def test_break_in_brackets_is_a_word_with_their_weight() -> None:
    assert ("BREAK", -1.3) in attention("(a BREAK b:1.3)")
    assert BREAK not in attention("(a BREAK b:1.3)")


@pytest.mark.parametrize("number", ["1.1.1", ".", "..", "+.", "9" * 400])
def test_a_weight_that_is_none_is_text_in_plain_brackets(number: str) -> None:
    assert attention(f"(a:{number})") == (Segment(f"a:{number}", 1.1),)


@given(st.text(max_size=60))
def test_escaped_text_is_itself(text: str) -> None:
    escaped = "".join("\\" + one if one in "\\()[]" else one for one in text)

    said = [segment for segment in attention(escaped) if segment != BREAK]

    assert all(weight == 1 for _, weight in said)
    if "BREAK" not in text:
        assert "".join(part for part, _ in said) == text


@given(st.text("ab :", min_size=1, max_size=20), st.floats(-50, 50))
def test_a_weight_in_brackets_is_what_stands_there(text: str, weight: float) -> None:
    assert attention(f"({text}:{weight:.3f})") == (Segment(text, float(f"{weight:.3f}")),)


@pytest.mark.parametrize("text", ["(" * 9000 + "a", "(" * 4000 + "a:-9)" * 900, "((a:0)" * 2000])
def test_weights_are_numbers_however_deep(text: str) -> None:
    assert all(math.isfinite(weight) for _, weight in attention(text))
