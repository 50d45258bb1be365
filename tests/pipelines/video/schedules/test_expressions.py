"""Expressions: what they give, what is refused of them and where, and that no text does any harm."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.video.schedules.expressions import read
from pipelines.video.schedules.mistakes import Place, ScheduleError

FRAMES = np.arange(10.0)
NAMES = {"t": FRAMES, "max_f": 9, "s": 42, "fps": 15}


def values(text: str) -> list[float]:
    return read(text, Place("zoom", text)).values(NAMES).tolist()


def refused(text: str) -> ScheduleError:
    with pytest.raises(ScheduleError) as raised:
        values(text)
    return raised.value


@pytest.mark.parametrize(
    ("text", "at_seven"),
    [
        ("7", 7),
        (" 1.5e1 ", 15),
        ("t", 7),
        ("max_f - t", 2),
        ("s/2", 21),
        ("fps*2", 30),
        ("-t**2", -49),
        ("2**3**2", 512),
        ("2**-1", 0.5),
        ("t/2", 3.5),
        ("t//2", 3),
        ("(t-12)//2", -3),
        ("t%3", 1),
        ("(t-12)%3", 1),
        ("fmod(t-12,3)", -2),
        ("pi", math.pi),
        ("e", math.e),
        ("sin(t)", math.sin(7)),
        ("tan(t)", math.tan(7)),
        ("sqrt(t)", math.sqrt(7)),
        ("arctan2(t, 2)", math.atan2(7, 2)),
        ("arcsin(t/10)", math.asin(0.7)),
        ("expm1(t)", math.expm1(7)),
        ("log10(t+1) + log1p(t) + log(t+1)", math.log10(8) + 2 * math.log(8)),
        ("abs(-t)", 7),
        ("round(2.5)", 2),
        ("floor(-t/2)", -4),
        ("ceil(-t/2)", -3),
        ("trunc(-t/2)", -3),
        ("sign(-t)", -1),
        ("min(t,3)", 3),
        ("max(1, t, 3)", 7),
        ("clip(t, 0, 5)", 5),
        ("clamp(t, 8, 9)", 8),
        ("where(t<5, 1, 2)", 2),
        ("1 if t < 5 else 2", 2),
        ("t == 7", 1),
        ("t != 7", 0),
        ("0 < t <= 7", 1),
        ("0 < t < 7", 0),
        ("(t > 3) & (t < 6)", 0),
        ("(t > 3) | (t < 6)", 1),
        ("~(t > 3)", 0),
        ("t > 3 and t < 9", 1),
        ("t > 9 or t < 3", 0),
        ("not t > 3", 0),
        ("(t > 3) * 2", 2),
        ("0.5\n+\tt", 7.5),
        ("t % 5 == 2", 1),
    ],
)
def test_an_expression_gives_what_it_says(text: str, at_seven: float) -> None:
    assert values(text)[7] == pytest.approx(at_seven, abs=1e-12)


def test_a_choice_is_made_for_each_frame_by_itself() -> None:
    assert values("where(t<5, sqrt(5-t), 0)")[4:6] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("2^3", 1, "“^” cannot stand here"),
        ("1 + foo(t)", 4, "foo is not known"),
        ("1 + sine", 4, "sine is not known"),
        ("  t + x", 6, "x is not known"),
        ("sin(t, t)", 0, "sin takes 1 value, not 2"),
        ("1+where(t)", 2, "where takes 3 values, not 1"),
        ("1+min(t)", 2, "min takes 2 to 8 values, not 1"),
        ("2*sin", 2, "sin is a function"),
        ("t + ", 2, "is not a complete expression"),
        ("(t>1 & t<3)", 3, "& and | need comparisons"),
        ("~t", 0, "~ need"),
        ("1 + −1", 4, "“−” cannot stand here"),
        ("0x10", 1, "a number is not written to its end"),
        ("2t", 1, "a number is not written to its end"),
        ("1, 2", 0, "cannot be worked out"),
        ("t is 1", 0, "cannot be worked out"),
        ("", 0, "an expression is missing"),
        ("9" * 400, 0, "too large"),
        ("1e999", 0, "too large"),
        ("1+" * 260 + "1", 500, "521 characters"),
        ("+".join(["t"] * 120), 0, "too deep"),
        ("min(" + ",".join(["-t"] * 8) + ")", None, ""),
        ("-" * 40 + "t", 30, "too deep"),
        ("1/(t-3)", 0, "is infinite at frame 3"),
        ("sqrt(4-t)", 0, "is not a number at frame 5"),
        ("9**9**9", 0, "is infinite at frame 0"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, position: int | None, words: str) -> None:
    if position is None:
        assert values(text)
        return
    error = refused(text)

    assert words in str(error)
    assert error.position == position
    assert error.details["position"] == position
    assert error.field == "zoom"
    assert error.remedy


def test_a_near_miss_is_answered_with_what_was_meant() -> None:
    assert "Did you mean sqrt?" in refused("sqr(t)").remedy
    assert "**" in refused("t^2").remedy
    assert "where(" in refused("t ? 1 : 2").remedy


def test_an_expression_of_many_small_parts_is_too_long() -> None:
    text = "+".join(["max(t,1,t,1,t,1,t,1)"] * 22)

    assert "too long" in str(refused(text))


HOSTILE = [
    "9**9**9",
    "9**9**9**9**9**9",
    "2**2**2**2**2**2",
    "1<<10**9",
    "t<<1000",
    "'a'*10**9",
    '"a"*10**9',
    "b'a'*9",
    "__import__('os').system('true')",
    "__import__",
    "().__class__.__bases__[0]",
    "t.real",
    "t.dtype.__class__",
    "sin.__globals__",
    "(1).to_bytes(9)",
    "lambda: t",
    "(lambda x: x)(t)",
    "[t for t in t]",
    "(t for t in t)",
    "{t: t}",
    "{t}",
    "[t]*10**9",
    "(x := 5)",
    "f'{t}'",
    "f'{9**9**9}'",
    "sin(t, t)",
    "sin(t, out=t)",
    "sin(*t)",
    "sin(**t)",
    "where(t, t)",
    "eval(t)",
    "exec(t)",
    "open(t)",
    "print",
    "1e999",
    "1e308*1e308",
    "9" * 499,
    "0" * 499 + "1",
    "0x" + "f" * 490,
    "1_000",
    "1j",
    "True",
    "None",
    "...",
    "ｓｉｎ(t)",
    "ﬁ",
    "t\u200b",
    "\u202et",
    "t\x00",
    "\x00",
    "\ud800",
    "t;t",
    "t\\\n",
    "#",
    "t#",
    "`t`",
    "t@t",
    "yield",
    "(yield t)",
    "await t",
    "del t",
    "import os",
    "t = 1",
    "assert t",
    "(" * 250 + "t" + ")" * 249,
    "(" * 250 + "t" + ")" * 250,
    "(" * 100_000,
    "-" * 499 + "t",
    "not " * 120 + "t",
    "sin(" * 60 + "t" + ")" * 60,
    "t if " * 90 + "t",
    "1 if t else " * 41 + "1",
    "t<" * 240 + "t",
    "1and 2",
    "1if t else 2",
    "t.5",
    "1..",
    "t" * 400,
    "factorial(999999)",
    "range(10**9)",
    "max(t)",
    "round(t, 10**9)",
    "",
    "   ",
    "\n",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_at_once(text: str) -> None:
    begun = time.process_time()

    error = refused(text)

    assert time.process_time() - begun < 0.05
    assert 0 <= error.position <= len(text)


LETTERS = "tse019.+-*/%()<>=!&|~, maxfpinoudclhrgkw_^'\"[]{}:;\\\n\x00π"


@settings(deadline=None, max_examples=200)
@given(st.text(LETTERS, max_size=60) | st.text(max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    found, position = [0.0] * 10, 0
    try:
        found = values(text)
    except ScheduleError as error:
        position = error.position
    assert len(found) == 10
    assert all(map(math.isfinite, found))
    assert 0 <= position <= len(text)
