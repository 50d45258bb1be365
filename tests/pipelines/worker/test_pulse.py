"""The pulse: how long the forward has been running that runs now, and how long they usually take."""

from __future__ import annotations

from pipelines.worker.pulse import Pulse


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_at_rest_no_step_is_running() -> None:
    beat = Pulse(Clock()).heartbeat()

    assert (beat.step_seconds, beat.median_step_seconds) == (0.0, 0.0)


def test_a_running_forward_is_as_old_as_it_is() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    pulse.begin()
    clock.seconds += 70

    assert pulse.heartbeat().step_seconds == 70


def test_the_median_is_that_of_the_last_forwards() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    for seconds in [9.0] * 50 + [1.0] * 20 + [2.0] * 30:
        pulse.begin()
        clock.seconds += seconds
        pulse.end()

    beat = pulse.heartbeat()

    assert beat.median_step_seconds == 2.0
    assert beat.step_seconds == 0.0


def test_memory_and_counts_are_told_when_they_are_known() -> None:
    pulse = Pulse(Clock())
    pulse.memory = lambda: (3, 8)
    pulse.loaded, pulse.forwards, pulse.calls = ("starter",), 5, 12

    beat = pulse.heartbeat()

    assert (beat.used_bytes, beat.total_bytes) == (3, 8)
    assert (beat.loaded, beat.forwards, beat.calls) == (("starter",), 5, 12)
