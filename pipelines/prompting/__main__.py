"""`python -m pipelines.prompting`: prompts as lines of JSON in, how they are read as lines of JSON out.

In: {"prompt": "…", "steps": 20, "hires_steps": null}, of which all but the prompt may be left out; with hires_steps it
is read as the second pass reads it. Out: {"and": [[text, weight]…], "schedule": [[until, text]…], "attention": [[text,
weight]…], "networks": [[kind, [arguments]]…], "warnings": […]}, each of the whole prompt as it stands, or
{"error": "…"} for a line that cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from pipelines.prompting.attention import attention
from pipelines.prompting.composition import terms
from pipelines.prompting.reading import networks_of
from pipelines.prompting.schedules import Timing, schedule
from pipelines.prompting.traps import traps

STEPS, STEPS_MAX = 20, 1000


def answers(lines: Iterable[bytes]) -> Iterator[str]:
    """A line for each line that is not empty."""
    for line in lines:
        if line.strip():
            try:
                answer = _answer(json.loads(line))
            except (ValueError, RecursionError) as error:
                answer = {"error": str(error)}
            yield json.dumps(answer)


def _answer(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict) or not isinstance(asked.get("prompt"), str):
        raise ValueError('send an object with a text: {"prompt": "a cat"}')
    prompt: str = asked["prompt"]
    hires_steps = asked.get("hires_steps")
    steps = _steps("steps", asked.get("steps", STEPS))
    timing = Timing(steps, None if hires_steps is None else _steps("hires_steps", hires_steps))
    return {
        "and": terms(prompt),
        "schedule": schedule(prompt, timing),
        "attention": attention(prompt),
        "networks": [[one.kind, one.written] for one in networks_of(prompt)],
        "warnings": [trap._asdict() for trap in traps(prompt, timing)],
    }


def _steps(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= STEPS_MAX:
        raise ValueError(f"{name} = {value!r}: send a whole number from 1 to {STEPS_MAX}")
    return value


def main() -> None:
    for answer in answers(sys.stdin.buffer):
        print(answer, flush=True)


if __name__ == "__main__":
    main()
