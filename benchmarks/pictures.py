"""Pictures per second against the StableDiffusionPipeline of diffusers: one request, and eight at once.

Both sides run in this process, on the same weights, size, steps, sampler, number format and number of threads. Ours
is the whole engine with previews, kept steps and checks; left out are the pipe between the processes and the file
(`overhead` has those). Every round has new prompts, so that no text has been encoded before.
"""

from __future__ import annotations

from itertools import count

from benchmarks.measure import Cost, median, seconds, take_turns, unit
from benchmarks.ours import EngineHere
from benchmarks.plain import PlainPipeline
from benchmarks.subject import Subject, prompts
from benchmarks.table import Goal, Row, Table

PAIRS = 15
ROUNDS_OF_EIGHT = 5
ONE_GOAL = Goal(0.97)
EIGHT_GOAL = Goal(0.85)


def run(subject: Subject) -> list[Table]:
    engine = EngineHere(subject)
    model = engine.model()
    plain = PlainPipeline(
        str(subject.checkpoint.path), subject.request(), str(model.device), model.dtype
    )
    return [_one(subject, engine, plain), _eight(subject, engine, plain)]


def _one(subject: Subject, engine: EngineHere, plain: PlainPipeline) -> Table:
    numbers = count(1000)

    def ours() -> None:
        number = next(numbers)
        engine.develop(prompts(number, 1), [number])

    def theirs() -> None:
        number = next(numbers)
        plain.develop(prompts(number, 1), [number])

    costs = take_turns({"Darkroom": ours, "diffusers": theirs}, PAIRS, warm_ups=2)
    mine, other = _figures(costs, subject.device)
    rows = (
        Row("diffusers", (seconds(other), f"{1 / other:.3g}")),
        Row("Darkroom", (seconds(mine), f"{1 / mine:.3g}"), other / mine, ONE_GOAL),
    )
    method = f"Median of {PAIRS} interleaved pairs; {subject}."
    cost = unit(subject.device)
    columns = (f"{cost} a picture", f"pictures a {cost}")
    return Table("One picture at a time", method, columns, rows, _samples(costs))


def _eight(subject: Subject, engine: EngineHere, plain: PlainPipeline) -> Table:
    numbers = count(5000, 8)

    def merged() -> None:
        start = next(numbers)
        engine.develop(prompts(start, 8), range(start, start + 8))

    def one_by_one() -> None:
        start = next(numbers)
        for prompt, seed in zip(prompts(start, 8), range(8), strict=True):
            engine.develop([prompt], [seed])

    def batch() -> None:
        start = next(numbers)
        plain.develop(prompts(start, 8), list(range(start, start + 8)))

    def singles() -> None:
        start = next(numbers)
        for prompt, seed in zip(prompts(start, 8), range(8), strict=True):
            plain.develop([prompt], [seed])

    candidates = {
        "diffusers, one after another": singles,
        "diffusers, one batch of eight": batch,
        "Darkroom, one after another": one_by_one,
        "Darkroom, eight requests at once": merged,
    }
    costs = take_turns(candidates, ROUNDS_OF_EIGHT)
    their_singles, their_batch, our_singles, our_merged = _figures(costs, subject.device)
    their_gain, our_gain = their_singles / their_batch, our_singles / our_merged
    shown = dict(zip(candidates, _figures(costs, subject.device), strict=True))
    gains = (1.0, their_gain, 1.0, our_gain)
    rows = tuple(
        Row(name, (seconds(figure), f"{8 / figure:.3g}", f"{gain:.2f}×"))
        for (name, figure), gain in zip(shown.items(), gains, strict=True)
    )
    verdicts = (
        Row("gain of ours ÷ gain of diffusers", ("", "", ""), our_gain / their_gain, EIGHT_GOAL),
        Row("eight at once: diffusers' cost ÷ ours", ("", "", ""), their_batch / our_merged),
    )
    cost = unit(subject.device)
    columns = (f"{cost} for eight", f"pictures a {cost}", "gain")
    method = (
        f"Median of {ROUNDS_OF_EIGHT} interleaved rounds; {subject}. Eight requests are eight jobs with their own "
        "prompts and seeds, which share forwards of the denoiser; each picture is decoded by itself."
    )
    return Table("Eight pictures", method, columns, rows + verdicts, _samples(costs))


def _figures(costs: dict[str, list[Cost]], device: str) -> list[float]:
    return [median([cost.on(device) for cost in taken]) for taken in costs.values()]


def _samples(costs: dict[str, list[Cost]]) -> dict[str, list[tuple[float, float]]]:
    return {
        name: [(cost.cpu_seconds, cost.wall_seconds) for cost in taken]
        for name, taken in costs.items()
    }
