"""Measuring: candidates take turns, warm-ups do not count, waiting costs no CPU-seconds."""

from __future__ import annotations

import threading

from benchmarks.measure import cost_of, percentile, seconds, take_turns


def test_candidates_take_turns_in_alternating_order_and_warm_ups_do_not_count() -> None:
    ran: list[str] = []

    costs = take_turns({name: lambda name=name: ran.append(name) for name in "ab"}, 2, warm_ups=1)

    assert "".join(ran) == "ab" + "ba" + "ab"
    assert [len(taken) for taken in costs.values()] == [2, 2]


def test_waiting_takes_wall_time_and_no_cpu_seconds() -> None:
    cost = cost_of(lambda: threading.Event().wait(0.05))

    assert cost.wall_seconds >= 0.05
    assert cost.cpu_seconds < 0.04
    assert cost.on("cpu") == cost.cpu_seconds
    assert cost.on("cuda") == cost.wall_seconds


def test_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.95) == 4.0
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 3.0


def test_durations_carry_their_unit() -> None:
    assert seconds(0.0123) == "12.3 ms"
    assert seconds(2.5) == "2.5 s"
