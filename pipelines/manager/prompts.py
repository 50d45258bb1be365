"""All prompts of a request: its own, the one it is blended with, those of its second pass and of its first steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipelines.errors import RequestError
from pipelines.prompting.reading import Reading, read, read_negative
from pipelines.prompting.schedules import Timing
from pipelines.prompting.traps import negative_traps, traps
from pipelines.request import Request


class Prompt(NamedTuple):
    """`field` is where it stands in the request."""

    field: str
    text: str
    timing: Timing
    is_negative: bool = False

    @property
    def reading(self) -> Reading:
        return (read_negative if self.is_negative else read)(self.text, self.timing)


def prompts_of(request: Request) -> Iterator[Prompt]:
    """Each as it is read; that of a second pass that has none of its own is the request's, read for that pass."""
    steps = request.sampling.steps or 1
    timing = Timing(steps)
    yield Prompt("prompt", request.prompt, timing)
    yield Prompt("negative_prompt", request.negative_prompt, timing, is_negative=True)
    if morph := request.morph:
        yield Prompt("morph.prompt", morph.prompt, timing)
        yield Prompt("morph.negative_prompt", morph.negative_prompt, timing, is_negative=True)
    for number, one in enumerate(request.beginnings):
        name = f"beginnings.{number}"
        yield Prompt(f"{name}.prompt", one.prompt, timing)
        yield Prompt(f"{name}.negative_prompt", one.negative_prompt, timing, is_negative=True)
    if hires := request.hires:
        second = Timing(steps, request.hires_steps or 1)
        for field, own, first, is_negative in (
            ("prompt", hires.prompt, request.prompt, False),
            ("negative_prompt", hires.negative_prompt, request.negative_prompt, True),
        ):
            yield Prompt(f"hires.{field}" if own else field, own or first, second, is_negative)


def check_prompts(request: Request) -> None:
    """Raises RequestError for what in a prompt cannot be meant: AUTOMATIC1111 fails there, or draws only noise."""
    has_weights = request.wording.emphasis != "none"
    for prompt in prompts_of(request):
        find = negative_traps if prompt.is_negative else traps
        for trap in find(prompt.text, prompt.timing, has_weights=has_weights):
            if trap.is_refused:
                raise RequestError(prompt.field, trap.text or prompt.text, trap.why, trap.remedy)
