"""Turns: owners share by the seconds they used, their own jobs keep their order, and forecasts follow the same rule."""

from __future__ import annotations

from pipelines.manager.turns import Turn, first, forecast, level


def turn(job_id: str, ordinal: int, cost: float = 1.0, **fields: object) -> Turn:
    """A job of one part; its owner is the first letter of its id."""
    values = {"checkpoint": "paper", "part_sizes": (1,), "costs_seconds": (cost,), **fields}
    return Turn(job_id=job_id, owner=job_id[0], ordinal=ordinal, **values)  # type: ignore[arg-type]


def order(turns: list[Turn], used: dict[str, float]) -> list[str]:
    return [row.job_id for row in forecast(turns, used)]


def next_id(turns: list[Turn], used: dict[str, float], loaded: tuple[str, ...] = ()) -> str:
    chosen = first(turns, used, loaded)
    return chosen.job_id if chosen else ""


def test_jobs_of_one_owner_keep_their_order() -> None:
    assert order([turn("a2", 2), turn("a1", 1), turn("a3", 3)], {}) == ["a1", "a2", "a3"]


def test_owners_take_turns_whoever_came_first() -> None:
    turns = [turn(f"a{n}", n) for n in range(1, 6)] + [turn("b1", 6), turn("b2", 7)]

    assert order(turns, {}) == ["a1", "b1", "a2", "b2", "a3", "a4", "a5"]


def test_the_owner_who_used_least_is_next() -> None:
    turns = [turn("a1", 1), turn("b1", 2)]

    assert next_id(turns, {"a": 12.0, "b": 3.0}) == "b1"


def test_long_jobs_count_for_more_than_short_ones() -> None:
    turns = [turn("a1", 1, 10.0), turn("a2", 2, 10.0), *(turn(f"b{n}", 2 + n) for n in range(1, 5))]

    assert order(turns, {}) == ["a1", "b1", "b2", "b3", "b4", "a2"]


def test_a_retry_goes_before_everything() -> None:
    turns = [turn("a1", 1), turn("b1", 2, is_retry=True)]

    assert order(turns, {"b": 99.0}) == ["b1", "a1"]


def test_another_owner_goes_between_the_parts_of_a_large_job() -> None:
    large = turn("a1", 1, part_sizes=(8, 8, 8), costs_seconds=(5.0, 5.0, 5.0))

    rows = {row.job_id: row for row in forecast([large, turn("b1", 2)], {})}

    assert rows["b1"].first_turn_seconds == 5.0
    assert rows["a1"].end_seconds == 16.0


def test_a_loaded_checkpoint_is_preferred_among_the_next_few_of_one_owner() -> None:
    turns = [turn("a1", 1, checkpoint="other"), turn("a2", 2), turn("b1", 3)]

    assert next_id(turns, {}, ("paper",)) == "a2"


def test_a_loaded_checkpoint_is_no_reason_to_skip_another_owner() -> None:
    turns = [turn("a1", 1, checkpoint="other"), turn("b1", 2)]

    assert next_id(turns, {}, ("paper",)) == "a1"


def test_a_job_is_not_overtaken_for_ever() -> None:
    turns = [turn("a1", 1, checkpoint="other", overtaken=4), turn("a2", 2)]

    assert next_id(turns, {}, ("paper",)) == "a1"


def test_who_comes_back_starts_level_with_those_who_wait() -> None:
    used = {"a": 100.0, "b": 120.0, "c": 5.0, "d": 500.0}

    level("c", used, {"a", "b"})
    level("d", used, {"a", "b"})

    assert used == {"a": 100.0, "b": 120.0, "c": 100.0, "d": 500.0}


def test_nothing_waits() -> None:
    assert first([], {}) is None
    assert forecast([], {}) == []
