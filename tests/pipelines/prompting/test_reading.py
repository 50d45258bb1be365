"""A prompt read whole: the order of things, and that any text can be read in a bounded time."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import prompting
from pipelines.prompting.attention import attention
from pipelines.prompting.networks import Network
from pipelines.prompting.reading import Part, networks_of, read, read_negative
from pipelines.prompting.schedules import Span, Timing
from pipelines.prompting.traps import negative_traps, traps

TWENTY = Timing(20)
MARKS = ["(", ")", "[", "]", ":", "|", "\\", "<", ">", "#", "\n", ",", " ", "{", "}"]
WORDS = [
    "a",
    "cat",
    "BREAK",
    " AND ",
    ":1.5)",
    "[a:b:",
    "0.5]",
    "<lora:x:1>",
    "日本",
    "🦊",
    "é",
    "\0",
]
FOLDER = str(Path(prompting.__file__).parent)


def test_comments_then_networks_then_sums_then_schedules() -> None:
    reading = read("[a:b:5] <lora:x:0.5># AND c <lora:y:1>\nAND d:0.5", TWENTY)

    assert reading.parts == (
        Part(1.0, (Span(5, "a"), Span(20, "b"))),
        Part(0.5, (Span(20, " d"),)),
    )
    assert reading.networks == (Network("lora", ("x", "0.5"), {}),)


def test_the_same_text_in_neighbouring_steps_is_one_span() -> None:
    (part,) = read("[a|a|b]", Timing(6)).parts

    assert part.spans == (Span(2, "a"), Span(3, "b"), Span(5, "a"), Span(6, "b"))
    assert part.texts == ("a", "b")
    assert [part.at(step) for step in range(1, 8)] == ["a", "a", "b", "a", "a", "b", "b"]


def test_a_negative_prompt_is_one_part_that_may_change() -> None:
    reading = read_negative("fog AND <lora:x:1> [a:b:5]:2 # c", TWENTY)

    assert reading.networks == ()
    assert reading.parts == (
        Part(1.0, (Span(5, "fog AND <lora:x:1> a:2 "), Span(20, "fog AND <lora:x:1> b:2 "))),
    )


def test_networks_in_comments_are_not_named() -> None:
    assert [one.arguments[0] for one in networks_of("<lora:a:1> # <lora:b:1>\n<lora:c:1>")] == [
        "a",
        "c",
    ]


@given(st.text("ab() []:|\\#<>AND,1.5\n", max_size=80), st.integers(1, 150))
def test_each_step_has_a_text(prompt: str, steps: int) -> None:
    for part in read(prompt, Timing(steps)).parts:
        assert part.spans[-1].until == steps
        assert part.at(1) in part.texts


@given(st.text(st.characters(exclude_characters="\\()[]:|<>#", exclude_categories=["Cs"])))
def test_plain_text_is_read_as_it_stands(prompt: str) -> None:
    if "AND" not in prompt:
        assert read(prompt, TWENTY).texts == (prompt.rstrip(),)
        assert not traps(prompt, TWENTY)


def whole(prompt: str, timing: Timing) -> None:
    """All that is ever made of a prompt without a vocabulary."""
    for text in read(prompt, timing).texts[:3]:
        attention(text)
    read_negative(prompt, timing)
    traps(prompt, timing)
    negative_traps(prompt, timing)


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of the prompt language's own code are run by this: a measure that no clock disturbs."""
    count = 0

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return local

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(FOLDER) else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


LONG = {
    "open": "(",
    "open square": "[",
    "closed": ")",
    "both": "()",
    "crossed": "([)]",
    "alternations": "[a|b]",
    "switches": "[a:b:5]",
    "misfits": "[a:b]",
    "breaks": "(BREAK ",
    "sums": "a AND ",
    "weights": "(a:1.1.1)",
    "tags": "<a:",
    "comments": "#a\n",
    "blanks": " ",
    "colons": ": ",
    "backslashes": "\\",
}


@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
def test_twice_the_text_is_twice_the_work(unit: str) -> None:
    short, long = (unit * (length // len(unit)) for length in (1000, 2000))

    work, double = (lines_run(lambda text=text: whole(text, TWENTY)) for text in (short, long))  # type: ignore[misc]

    assert double <= 2.2 * work + 200


@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
@pytest.mark.parametrize("closing", ["", "]", "|b]", ":1.2)", "::5]"])
def test_brackets_as_deep_as_a_prompt_can_be_are_read(unit: str, closing: str) -> None:
    text = unit * (5000 // len(unit))
    whole(text + (closing * (4900 // len(closing)) if closing else ""), TWENTY)


def test_any_of_ten_thousand_prompts_is_read_quickly() -> None:
    lot = random.Random(7)
    slowest = 0.0
    for number in range(10_000):
        length = 1500 if number % 500 == 0 else lot.randint(0, 24)
        prompt = "".join(lot.choice(MARKS + WORDS) for _ in range(length))[:10_000]
        begin = time.thread_time()
        whole(prompt, Timing(lot.randint(1, 40), lot.choice([None, 10])))
        slowest = max(slowest, time.thread_time() - begin)

    assert slowest < 0.5  # seconds of the processor, so that a busy machine changes little
