"""`python -m pipelines.prompting`: lines of JSON in, lines of JSON out, and a broken one disturbs no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.prompting.__main__ import answers

ROOT = Path(__file__).parents[3]


def answer(**asked: Any) -> Any:
    (line,) = answers([json.dumps(asked).encode()])
    return json.loads(line)


def test_a_prompt_is_told_in_all_its_readings() -> None:
    told = answer(prompt="a <lora:x:0.5:te=1> [b:c:0.5] AND (d:1.2) : 2", steps=10)

    assert told == {
        "and": [["a <lora:x:0.5:te=1> [b:c:0.5]", 1.0], [" (d:1.2)", 2.0]],
        "schedule": [
            [5, "a <lora:x:0.5:te=1> b AND (d:1.2) : 2"],
            [10, "a <lora:x:0.5:te=1> c AND (d:1.2) : 2"],
        ],
        "attention": [
            ["a <lora:x:0.5:te=1> ", 1.0],
            ["b:c:0.5", 1 / 1.1],
            [" AND ", 1.0],
            ["d", 1.2],
            [" : 2", 1.0],
        ],
        "networks": [["lora", ["x", "0.5", "te=1"]]],
        "warnings": [],
    }


def test_steps_are_twenty_and_a_second_pass_is_read_as_one() -> None:
    assert answer(prompt="[a:b:0.5]")["schedule"] == [[10, "a"], [20, "b"]]
    assert answer(prompt="[a:b:25]", hires_steps=10)["schedule"] == [[5, "a"], [10, "b"]]


def test_warnings_say_where_and_what_to_do() -> None:
    (warning,) = answer(prompt="wide, 16:9")["warnings"]

    assert warning["code"] == "and_weight"
    assert (warning["begin"], warning["end"], warning["text"]) == (8, 10, ":9")
    assert warning["remedy"]


def test_a_broken_line_gets_an_error_and_the_others_go_on() -> None:
    lines = [
        b"{", b"[]", b"{}", b'{"prompt": 3}', b"\xff\xfe", b'{"prompt": "a", "steps": 0}',
        b'{"prompt": "a", "steps": true}', b'{"prompt": "a", "hires_steps": "x"}',
        b"[" * 100_000, b"1" * 5000, b"\n", b'{"prompt": "\\ud800 \\u0000"}',
    ]  # fmt: skip
    given = "".join(line.decode("latin1") + "\n" for line in lines).encode("latin1")

    ran = subprocess.run(
        [sys.executable, "-m", "pipelines.prompting"], cwd=ROOT, input=given, capture_output=True
    )

    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [("error" in one) for one in told] == [True] * 10 + [False]
    assert ran.returncode == 0
