"""Other rates and speeds show the right moments, and none between two shots."""

from __future__ import annotations

import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.retiming import Moment, Pace, retimed

FIVE = [k / 10 for k in range(5)]


def test_the_same_rate_shows_each_frame_once() -> None:
    assert list(retimed(FIVE, Pace(10))) == [Moment(k, 0.0) for k in range(5)]


def test_twice_the_rate_puts_one_between_each_two() -> None:
    moments = list(retimed(FIVE, Pace(20)))

    assert len(moments) == 10
    assert [(m.frame, round(m.time, 6)) for m in moments[:5]] == [
        (0, 0), (0, 0.5), (1, 0), (1, 0.5), (2, 0),
    ]  # fmt: skip
    assert moments[-1] == Moment(4, 0.0)


def test_half_the_speed_lasts_twice_as_long_and_twice_the_speed_half() -> None:
    assert len(list(retimed(FIVE, Pace(10, speed=0.5)))) == 10
    assert list(retimed(FIVE, Pace(10, speed=2))) == [
        Moment(0, 0.0),
        Moment(2, 0.0),
        Moment(4, 0.0),
    ]


def test_film_becomes_television_without_losing_its_length() -> None:
    times = [k / 24 for k in range(240)]

    moments = list(retimed(times, Pace(60)))

    assert len(moments) == 600
    shown = [(m.frame + m.time) / 24 for m in moments[:-3]]
    assert shown == pytest.approx([k / 60 for k in range(len(shown))], abs=0.02 / 24)


def test_uneven_times_are_heeded() -> None:
    moments = list(retimed([5.0, 5.1, 5.4, 5.5], Pace(10)))

    assert [(m.frame, round(m.time, 3)) for m in moments] == [
        (0, 0), (1, 0), (1, 0.333), (1, 0.667), (2, 0), (3, 0),
    ]  # fmt: skip


def test_nothing_is_made_between_two_shots() -> None:
    moments = list(retimed(FIVE, Pace(40), cuts=[2]))

    assert [m for m in moments if m.frame == 1] == [Moment(1, 0.0)] * 4
    assert Moment(0, pytest.approx(0.5)) in moments  # type: ignore[arg-type]


def test_one_frame_is_shown_once() -> None:
    assert list(retimed([3.0], Pace(24))) == [Moment(0, 0.0)]


@pytest.mark.parametrize("times", [[], [0.0, 0.0], [1.0, 0.5]])
def test_times_that_do_not_ascend_are_refused(times: list[float]) -> None:
    with pytest.raises(RequestError, match="ascend"):
        list(retimed(times, Pace(24)))


def test_rates_and_speeds_without_sense_are_refused() -> None:
    with pytest.raises(RequestError, match="fps"):
        Pace(0)
    with pytest.raises(RequestError, match="speed"):
        Pace(24, speed=-1)
