"""Restarts: back-off after deaths that will repeat, broken after five, clean again after a finished job."""

from __future__ import annotations

from pipelines.worker.exits import describe_exit
from pipelines.worker.restarts import Breaker


def test_a_first_death_under_a_job_is_answered_at_once() -> None:
    assert Breaker().died(0.0, counts=False) == 0.0


def test_the_wait_doubles_until_it_is_broken() -> None:
    breaker = Breaker()

    waits = [breaker.died(float(at), counts=True) for at in (0, 10, 20, 30, 40)]

    assert waits == [1.0, 2.0, 4.0, 8.0, None]


def test_a_broken_one_is_tried_again_when_the_oldest_death_is_forgotten() -> None:
    breaker = Breaker()
    for at in (0.0, 10.0, 20.0, 30.0, 40.0):
        breaker.died(at, counts=True)

    assert breaker.next_try_seconds(40.0) == 560.0
    assert breaker.died(601.0, counts=True) is None  # the four others are within ten minutes


def test_deaths_of_long_ago_do_not_count() -> None:
    breaker = Breaker()
    breaker.died(0.0, counts=True)

    assert breaker.died(700.0, counts=True) == 1.0


def test_a_finished_job_resets() -> None:
    breaker = Breaker()
    for at in range(4):
        breaker.died(float(at), counts=True)

    breaker.reset()

    assert breaker.died(5.0, counts=True) == 1.0


def test_a_crash_loop_starts_fewer_than_ten_times_in_ten_minutes() -> None:
    breaker, now, starts = Breaker(), 0.0, 0
    while now < 600.0:
        starts += 1
        now += 0.1  # it dies at once
        wait = breaker.died(now, counts=True)
        now += breaker.next_try_seconds(now) if wait is None else wait

    assert starts < 10


def test_exits_are_told_in_sentences() -> None:
    assert "killed by the system (signal 9), most likely because memory ran out" in describe_exit(
        -9
    )
    assert "memory access violation" in describe_exit(-11)
    assert "a process cannot recover from" in describe_exit(77)
    assert "memory access violation" in describe_exit(3221225477)
    assert "exit code 42" in describe_exit(42)
    assert "signal 10" in describe_exit(-10)
    assert "signal 63" in describe_exit(-63)
    assert "could not be started" in describe_exit(None)
