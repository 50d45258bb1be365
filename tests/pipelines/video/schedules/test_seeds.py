"""Seeds: the sequences that people know, and the same from wherever one begins."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.asking.noise import RANDOM_SEED_MAX, SEED_MAX
from pipelines.video.schedules.seeds import by_chance, random_seed, scheduled, stepped


@pytest.mark.parametrize(
    ("behaviour", "every", "wanted"),
    [
        ("iter", 1, [7, 8, 9, 10, 11, 12]),
        ("iter", 2, [7, 8, 8, 9, 9, 10]),
        ("iter", 3, [7, 8, 8, 8, 9, 9]),
        ("fixed", 1, [7] * 6),
        ("ladder", 1, [7, 9, 8, 10, 9, 11]),
        ("alternate", 1, [7, 8, 7, 8, 7, 8]),
    ],
)
def test_seeds_go_as_in_deforum(behaviour: str, every: int, wanted: list[int]) -> None:
    assert [stepped(behaviour, 7, count, every) for count in range(6)] == wanted


@pytest.mark.parametrize("behaviour", ["iter", "ladder", "alternate"])
def test_seeds_stay_among_those_that_can_be_asked_for(behaviour: str) -> None:
    assert all(0 <= stepped(behaviour, SEED_MAX, count) <= SEED_MAX for count in range(5))


def test_random_seeds_are_spread_and_never_change() -> None:
    rolled = [random_seed(42, frame) for frame in range(4_000)]

    assert len(set(rolled)) > 3_990
    assert all(0 <= seed <= RANDOM_SEED_MAX for seed in rolled)
    assert abs(np.mean(rolled) / RANDOM_SEED_MAX - 0.5) < 0.03
    assert rolled != [random_seed(43, frame) for frame in range(4_000)]
    # Clips that are half done when Darkroom is updated go on with these.
    assert random_seed(42, 1) == rolled[1] == 210_104_261


def test_the_first_of_random_seeds_is_the_clips_own() -> None:
    assert by_chance(42, 0) == 42
    assert by_chance(42, 3) == random_seed(42, 3)


def test_a_schedule_is_cut_to_whole_numbers_and_rolls_for_minus_one() -> None:
    assert scheduled(np.asarray([42, 2.9, -1, -0.5, SEED_MAX]), 42) == (
        *(42, 2, random_seed(42, 2), 0),
        SEED_MAX,
    )
