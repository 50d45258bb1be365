"""The passes of a picture. Each is developed as if it were all there is, and counts its steps after the one before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.asking.hires import second_pass
from pipelines.errors import StudioError
from pipelines.request import Request
from pipelines.worker.sampling import State

FIRST, SECOND = 0, 1


@dataclass(frozen=True)
class Pass:
    """`request`: of this pass alone, in its size; its plan may have more steps than the `steps` that are taken."""

    request: Request
    steps: int  # the last ones of its plan
    stage: int = FIRST
    before: int = 0  # steps that were taken before it


def pass_of(request: Request, stage: int) -> Pass:
    """The pass of a resolved request with this number."""
    if stage == FIRST:
        return Pass(request, request.steps_taken)
    assert request.hires is not None
    assert request.sampling.steps is not None
    hires, first = request.hires, request.sampling
    length, steps = second_pass(hires.steps or request.sampling.steps, hires.strength)
    sampling = replace(
        first,
        sampler=hires.sampler or first.sampler,
        schedule=hires.schedule or first.schedule,
        steps=length,
    )
    width, height = request.size
    own = replace(request, width=width, height=height, sampling=sampling, hires=None)
    return Pass(own, steps, SECOND, request.steps_taken)


def stage_of(state: bytes | None) -> int:
    """Which pass a picture goes on in. A state that is damaged is refused there, whichever it is."""
    try:
        return FIRST if state is None else State.from_bytes(state).stage
    except StudioError:
        return FIRST
