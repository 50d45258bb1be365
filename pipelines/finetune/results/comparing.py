"""Comparing: one prompt over the kept steps of a training and the strengths of its weights, as a grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipelines.asking.grid import Axis, Grid
from pipelines.catalog.checkpoint import Other
from pipelines.errors import RequestError
from pipelines.finetune.pictures.captions import Words, plain, untaught
from pipelines.finetune.plan import EMBEDDING
from pipelines.finetune.training import Training
from pipelines.manager.loras import SCALE_MAX
from pipelines.request import Request

SEARCH = (
    "prompt"  # the axis that puts other words in the place of the first ones: see grids/axes.py
)
STRENGTHS = (0.0, 0.6, 0.8, 1.0)
DECIMALS_MAX = 9


def names_of_steps(training: Training, folder: Path, others: Iterable[Other]) -> dict[int, str]:
    """Step → the name by which prompts call its weights, of those in the folder that the catalog has found."""
    found = {one.path.absolute(): one.name for one in others if not one.problem}
    places = {mark.step: (folder / "steps" / mark.file).absolute() for mark in training.marks}
    return {step: found[path] for step, path in places.items() if path in found}


def grid_request(
    training: Training,
    names: Mapping[int, str],
    steps: Sequence[int] = (),
    strengths: Sequence[float] = (),
    prompt: str = "",
) -> Request:
    """Columns: steps (none: all that are kept). Rows: strengths of a LoRA (none: 0, 0.6, 0.8, 1; 0 is without it).

    Embeddings have no strengths: their first column is what the model draws without them. "" as prompt: the plain
    caption. Raises RequestError("steps" or "strengths").
    """
    plan = training.plan
    called = _called(names, steps)
    put_in = _embeddings if plan.method == EMBEDDING else _loras
    text, grid = put_in(training, called, strengths, prompt.strip())
    return Request(prompt=text, checkpoint=plan.checkpoint, seed=plan.seed, grid=grid)


def _called(names: Mapping[int, str], steps: Sequence[int]) -> list[str]:
    """The names of these steps, each once, in their order."""
    wanted = sorted(set(steps or names))
    missing = next((step for step in wanted if step not in names), None)
    if missing is not None or not wanted:
        kept = ", ".join(map(str, sorted(names))) or "none"
        raise RequestError(
            "steps", missing, "its weights are not there", f"Those that are: {kept}."
        )
    return [names[step] for step in wanted]


def _loras(
    training: Training, called: list[str], strengths: Sequence[float], prompt: str
) -> tuple[str, Grid]:
    wanted = _checked(strengths or STRENGTHS)
    words = prompt or plain(Words.of(training.plan))
    first, *others = wanted
    text = _unlike(first, " ".join((words, *called)))
    rows = Axis(field=SEARCH, values=", ".join([text, *(f"{one:g}" for one in others)]))
    columns = Axis(field=SEARCH, values=", ".join(map(_quoted, called)))
    return f"{words} <lora:{called[0]}:{text}>", Grid(x=columns, y=rows)


def _embeddings(
    training: Training, called: list[str], strengths: Sequence[float], prompt: str
) -> tuple[str, Grid]:
    """The names in the place of the word, after what the model makes of the class alone."""
    words = Words.of(training.plan)
    if strengths:
        remedy = f"Leave them out, or write ({called[0]}:0.8) into the prompt."
        raise RequestError("strengths", list(strengths), "an embedding has none", remedy)
    if prompt:
        word = words.trigger if words.trigger and words.trigger in prompt else ""
        text = prompt.replace(word, called[0]) if word else f"{prompt}, {called[0]}"
        return text, Grid(x=Axis(field=SEARCH, values=", ".join(map(_quoted, called))))
    texts = [plain(words._replace(trigger=name)) for name in called]
    values = [texts[0], untaught(words), *texts[1:]] if untaught(words) else texts
    return texts[0], Grid(x=Axis(field=SEARCH, values=", ".join(map(_quoted, values))))


def _checked(strengths: Sequence[float]) -> list[float]:
    for one in strengths:
        if isinstance(one, bool) or not isinstance(one, int | float) or not abs(one) <= SCALE_MAX:
            remedy = f"Use numbers from −{SCALE_MAX:g} to {SCALE_MAX:g}, such as 0.8."
            raise RequestError("strengths", one, "is no strength", remedy)
    return list(dict.fromkeys(float(one) for one in strengths))


def _unlike(number: float, text: str) -> str:
    """The number, written so that it stands nowhere in the text: what is searched must be found at one place."""
    forms = (f"{number:g}", *(f"{number:.{digits}f}" for digits in range(1, DECIMALS_MAX)))
    exact = (form for form in forms if abs(float(form) - number) < 1e-6)
    return next((form for form in exact if form not in text), f"{number:.{DECIMALS_MAX}f}")


def _quoted(value: str) -> str:
    return f'"{value}"' if "," in value else value
