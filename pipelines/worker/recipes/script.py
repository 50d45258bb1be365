"""The script of a pass: which texts hold at which of its steps, and how strictly they are followed. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from pipelines.prompting.reading import read, read_negative
from pipelines.prompting.schedules import Timing
from pipelines.request import Request


class Said(NamedTuple):
    """What holds for some steps."""

    parts: tuple[tuple[float, str], ...]  # (weight, text)
    negative: str | None  # None: nothing at any step
    guidance_scale: float


class Act(NamedTuple):
    """A part of the pass under one pair of prompts: that of a beginning, or of the request itself."""

    until: int
    prompt: str
    negative_prompt: str
    guidance_scale: float


def script(request: Request, *, is_second_pass: bool = False) -> tuple[tuple[int, Said], ...]:
    """(until, what holds before it) pairs, in steps from the first one of the pass; `until` rises.

    Schedules count all steps that were asked for, in a pass of fewer as well; each begins with the pass, not its act.
    """
    assert request.sampling.steps is not None
    timing = Timing(request.sampling.steps, request.hires_steps if is_second_pass else None)
    acts = [_second(request, timing)] if is_second_pass else [*_first(request, timing)]
    script: list[tuple[int, Said]] = []
    begin = 0
    for act in acts:
        script += _said(act, begin, timing)
        begin = act.until
    return tuple(script)


def _first(request: Request, timing: Timing) -> Iterator[Act]:
    for one in request.beginnings:
        yield Act(one.until, one.prompt, one.negative_prompt, one.guidance_scale)
    assert request.sampling.guidance_scale is not None
    guidance_scale = request.sampling.guidance_scale
    yield Act(timing.count, request.prompt, request.negative_prompt, guidance_scale)


def _second(request: Request, timing: Timing) -> Act:
    hires = request.hires
    assert hires is not None
    guidance_scale = hires.guidance_scale
    if guidance_scale is None:
        guidance_scale = request.sampling.guidance_scale
    assert guidance_scale is not None
    prompt = hires.prompt or request.prompt
    negative_prompt = hires.negative_prompt or request.negative_prompt
    return Act(timing.count, prompt, negative_prompt, guidance_scale)


def _said(act: Act, begin: int, timing: Timing) -> Iterator[tuple[int, Said]]:
    parts = read(act.prompt, timing).parts
    (negative,) = read_negative(act.negative_prompt, timing).parts
    is_nothing = not any(text.strip() for text in negative.texts)

    def at(step: int) -> Said:
        texts = tuple((part.weight, part.at(step)) for part in parts)
        return Said(texts, None if is_nothing else negative.at(step), act.guidance_scale)

    for said, steps in groupby(range(begin + 1, act.until + 1), key=at):
        *_, last = steps
        yield last, said
