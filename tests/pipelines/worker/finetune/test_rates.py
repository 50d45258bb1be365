"""Rates: a straight rise, then constant or half a cosine."""

from __future__ import annotations

import pytest

from pipelines.worker.finetune.rates import factor
from tests.pipelines.worker.finetune.classroom import plan


def test_without_more_said_every_step_is_at_full_rate() -> None:
    assert {factor(plan(steps=9), step) for step in range(9)} == {1.0}


def test_the_first_steps_rise_in_a_straight_line_and_none_of_them_is_for_nothing() -> None:
    rising = [factor(plan(steps=9, warmup_steps=3), step) for step in range(5)]

    assert rising == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_a_cosine_falls_from_one_to_about_zero() -> None:
    falling = [factor(plan(steps=8, rate_schedule="cosine"), step) for step in range(8)]

    assert falling[0] == 1.0
    assert falling[4] == pytest.approx(0.5)
    assert falling == sorted(falling, reverse=True)
    assert 0 < falling[-1] < 0.05


def test_a_warm_up_longer_than_the_training_only_rises() -> None:
    rising = [factor(plan(steps=3, warmup_steps=9, rate_schedule="cosine"), n) for n in range(3)]

    assert rising == [0.1, 0.2, 0.3]
