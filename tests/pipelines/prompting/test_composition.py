"""Sums of prompts, and comments: as AUTOMATIC1111 takes a prompt apart."""

from __future__ import annotations

import math

import pytest

from pipelines.prompting.comments import without_comments
from pipelines.prompting.composition import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a AND b", [("a", 1.0), (" b", 1.0)]),
        ("a:1.2 AND b:0.5", [("a", 1.2), (" b", 0.5)]),
        ("a:b AND c", [("a:b", 1.0), (" c", 1.0)]),
        ("a and b", [("a and b", 1.0)]),
        ("a :1.5", [("a", 1.5)]),
        ("a AND b : 2", [("a", 1.0), (" b", 2.0)]),
        ("wide shot, 16:9", [("wide shot, 16", 9.0)]),
        ("wide shot, 16:9,", [("wide shot, 16:9,", 1.0)]),
        ("a AND b:-1.", [("a", 1.0), (" b", -1.0)]),
        ("a\nAND\nb\n", [("a", 1.0), ("\nb", 1.0)]),
        ("SANDY", [("SANDY", 1.0)]),
        ("AND", [("", 1.0), ("", 1.0)]),
        ("a:1.1.1", [("a:1.1.1", 1.0)]),
        ("", [("", 1.0)]),
    ],
)
def test_a_prompt_is_a_sum_of_weighted_parts(text: str, expected: list[tuple[str, float]]) -> None:
    assert [*terms(text)] == expected


def test_every_weight_is_a_finite_number() -> None:
    assert math.isfinite(terms("a:" + "9" * 400)[0].weight)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("a # b\nc", "a \nc"),
        ("# b\nc", "c"),
        ("a\n# b\nc", "a\nc"),
        ("a\n# b", "a\n"),
        ("a # b # c", "a "),
        ("#", ""),
        ("no comment", "no comment"),
    ],
)
def test_comments_go_to_the_end_of_their_line(prompt: str, text: str) -> None:
    assert without_comments(prompt) == text
