"""How many steps the second pass takes, and of how long a schedule."""

import pytest

from pipelines.asking.hires import second_pass


@pytest.mark.parametrize(
    ("steps", "strength", "length"),
    [(10, 0.25, 40), (10, 0.7, 14), (20, 0.5, 40), (20, 1.0, 20), (7, 0.3, 23)],
)
def test_it_takes_all_its_steps_at_the_end_of_a_longer_schedule(
    steps: int, strength: float, length: int
) -> None:
    assert second_pass(steps, strength) == (length, steps)


def test_without_strength_there_is_no_second_pass() -> None:
    assert second_pass(20, 0.0) == (0, 0)
