"""The contact sheet: what eight drafts cost against eight finished pictures."""

from __future__ import annotations

from itertools import count

from benchmarks.measure import median, seconds, take_turns, unit
from benchmarks.ours import EngineHere
from benchmarks.subject import Subject, prompts
from benchmarks.table import Goal, Row, Table

ROUNDS = 5
DRAFT_FRACTION = 1 / 3  # what the page asks for
GOAL = Goal(0.5, is_at_least=False)


def run(subject: Subject) -> list[Table]:
    engine = EngineHere(subject)
    engine.model()
    steps = subject.request().sampling.steps
    assert steps is not None
    draft_steps = round(steps * DRAFT_FRACTION)
    numbers = count(9000, 8)

    def singles() -> None:
        start = next(numbers)
        for prompt, seed in zip(prompts(start, 8), range(8), strict=True):
            engine.develop([prompt], [seed])

    def drafts() -> None:
        start = next(numbers)
        engine.drafts(prompts(start, 1)[0], range(8), draft_steps)

    names = ("eight pictures, one after another", f"eight drafts of {draft_steps} steps")
    costs = take_turns(dict(zip(names, (singles, drafts), strict=True)), ROUNDS)
    full, sheet = (median([cost.on(subject.device) for cost in taken]) for taken in costs.values())
    rows = (Row(names[0], (seconds(full),)), Row(names[1], (seconds(sheet),), sheet / full, GOAL))
    method = f"Median of {ROUNDS} interleaved rounds, in this process; {subject}."
    samples = {
        name: [(cost.cpu_seconds, cost.wall_seconds) for cost in taken]
        for name, taken in costs.items()
    }
    return [Table("Contact sheet", method, (unit(subject.device),), rows, samples)]
