"""What is asked of a taught thing, and how often it must be shown."""

from __future__ import annotations

from tests.teaching_lab import Wanted, share_shown
from tests.teaching_school import School, Taught
from training.starter.onlooker import Onlooker

THING, TRIGGER = "robot", "zorp"
SUBJECTS, COLOURED, OTHERS = 35, 50, 60
FIRST_SEED = 500


def share(
    school: School, onlooker: Onlooker, wanted: list[Wanted], taught: Taught | None = None
) -> float:
    """Of how many pictures the judge says that they show the thing."""
    pictures = school.drawn([one.prompt for one in wanted], taught, FIRST_SEED)
    return share_shown(onlooker, wanted, pictures)["thing"]
