"""Pace: estimates follow what was measured, per checkpoint, and fade with time."""

from __future__ import annotations

import pytest

from pipelines.asking.sampling import Sampling
from pipelines.manager.pace import Pace, units
from pipelines.request import Request


def request(sampler: str = "Euler", width: int = 1000, height: int = 1000) -> Request:
    return Request(width=width, height=height, sampling=Sampling(sampler=sampler, steps=20))


def test_work_grows_with_pixels_steps_and_looks() -> None:
    assert units(request(), 20) == 20.0
    assert units(request("Heun"), 20) == 40.0
    assert units(request(width=500), 20) == 10.0


def test_estimates_rest_on_what_was_measured() -> None:
    pace = Pace()
    assert not pace.is_known("paper")

    pace.note("paper", units_done=20.0)
    pace.note("paper", seconds=10.0)

    assert pace.is_known("paper")
    assert pace.seconds("paper", 4.0) == pytest.approx(2.0)


def test_an_unmeasured_checkpoint_borrows_from_the_others() -> None:
    pace = Pace()
    pace.note("paper", units_done=20.0, seconds=10.0)

    assert pace.seconds("other", 4.0) == pytest.approx(2.0)


def test_old_measurements_fade() -> None:
    pace = Pace()
    for _ in range(30):
        pace.note("paper", units_done=1.0, seconds=10.0)

    for _ in range(30):
        pace.note("paper", units_done=10.0, seconds=10.0)

    assert pace.seconds("paper", 1.0) == pytest.approx(1.0, rel=0.05)
