"""A job that is killed between any two frames goes on from its file to the same bits."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipelines.video.steady.blending import Blend, Blended, blended
from pipelines.video.steady.deflickering import Deflicker, deflickered
from pipelines.video.steady.edits import Carried, Reach, begun, onward
from pipelines.video.steady.flow import motions
from pipelines.video.steady.measures import Consistency, Step, watched
from pipelines.video.steady.shots import Watch, fed, watch
from pipelines.video.steady.states import as_arrays, from_arrays
from tests.pipelines.video.steady.scenes import Scene, Styliser

SCENE = Scene(width=160, height=90, disc_radius_px=20)
SOURCES = [SCENE.frame(k) for k in range(6)]
STYLED = [Styliser().styled(frame, k) for k, frame in enumerate(SOURCES)]


def measure(state: Any, k: int) -> Any:
    step = Step(SOURCES[k - 1], SOURCES[k], STYLED[k - 1], STYLED[k])
    return watched(state or Consistency(), step, motions(SOURCES[k], SOURCES[k - 1], "fast")[0])


def edit(state: Any, k: int) -> Any:
    before = state or begun(SOURCES[0], STYLED[0], STYLED[1])
    return onward(before, SOURCES[k], STYLED[k], Reach(4, "fast"))[0]


NEXT: dict[type, Callable[[Any, int], Any]] = {
    Blended: lambda state, k: blended(state, SOURCES[k], STYLED[k], Blend(quality="fast")),
    Carried: edit,
    Consistency: measure,
    Watch: lambda state, k: fed(state or watch(), SOURCES[k])[0],
}
NEXT_DEFLICKERED = {Blended: lambda state, k: deflickered(state, STYLED[k], Deflicker())}


def stored(state: Any) -> Any:
    """As it comes back from a file."""
    file = io.BytesIO()
    np.savez(file, **as_arrays(state))
    file.seek(0)
    with np.load(file) as arrays:
        return from_arrays(type(state), arrays)


def same(one: Any, other: Any) -> bool:
    arrays, others = as_arrays(one), as_arrays(other)
    return arrays.keys() == others.keys() and all(
        arrays[name].dtype == others[name].dtype
        and np.array_equal(arrays[name], others[name], equal_nan=arrays[name].dtype.kind == "f")
        for name in arrays
    )


@pytest.mark.parametrize(
    ("kind", "step"),
    [*NEXT.items(), *NEXT_DEFLICKERED.items()],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_a_stored_state_goes_on_as_if_it_had_never_been_left(
    kind: type, step: Callable[[Any, int], Any]
) -> None:
    through, resumed = None, None
    for k in range(1, 5):
        through = step(through, k)
        resumed = step(stored(resumed) if resumed is not None else None, k)

    assert isinstance(resumed, kind)
    assert same(through, resumed)


def test_a_state_that_differs_is_told_apart() -> None:
    state = Consistency(3, 0.5)

    assert same(stored(state), state)
    assert not same(replace(state, excess=0.25), state)


def test_a_missing_field_is_no_state() -> None:
    arrays = as_arrays(Consistency())
    del arrays["excess"]

    with pytest.raises(KeyError):
        from_arrays(Consistency, arrays)
