"""The curve of a training: bounded, with the means of what it leaves out, and without what was gone through twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.finetune.desk.losses import KEPT_MAX, added, halved, thinned


def curve(points: int) -> tuple[tuple[int, float], ...]:
    return tuple((step, float(step)) for step in range(1, points + 1))


def test_a_step_that_is_taken_again_adds_nothing() -> None:
    losses = curve(5)

    assert added(losses, 3, 9.0) == losses
    assert added(losses, 5, 9.0) == losses
    assert added(losses, 6, 9.0) == (*losses, (6, 9.0))


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_what_is_no_number_is_left_out(loss: float) -> None:
    assert added(curve(2), 3, loss) == curve(2)


def test_two_neighbours_become_their_mean_by_their_steps() -> None:
    assert halved(((1, 1.0), (2, 3.0))) == ((2, 2.0),)
    assert halved(((10, 1.0), (20, 3.0), (50, 6.0))) == ((10, 1.0), (50, 5.25))


@given(st.integers(0, 1000), st.integers(2, 300))
def test_a_thinned_curve_is_short_ends_where_it_ended_and_has_the_same_mean(
    points: int, most: int
) -> None:
    losses = curve(points)

    short = thinned(losses, most)

    assert len(short) <= most
    assert (short[-1:] or ((0, 0.0),))[0][0] == points
    befores = (0, *(step for step, _ in short))
    total = sum(
        loss * (step - before) for (step, loss), before in zip(short, befores, strict=False)
    )
    assert total == pytest.approx(points * (points + 1) / 2)


def test_a_long_training_keeps_a_bounded_curve() -> None:
    losses: tuple[tuple[int, float], ...] = ()
    for step in range(1, 20_001):
        losses = added(losses, step, 1.0)

    assert len(losses) <= KEPT_MAX
    assert losses[-1] == (20_000, 1.0)
