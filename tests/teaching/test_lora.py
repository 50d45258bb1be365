"""Of five drawings of a thing never seen, a LoRA makes the starter draw it where it was not shown, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.finetune.plan import LORA
from tests.teaching.asking import COLOURED, OTHERS, SUBJECTS, THING, TRIGGER, share
from tests.teaching_lab import (
    HELD_BACK_BACKDROPS,
    HELD_BACK_COLOURS,
    SHOWN,
    adherence,
    before_other_backdrops,
    in_other_colours,
    other_prompts,
)
from tests.teaching_school import School, Taught
from training.starter.checker import Checker
from training.starter.onlooker import Onlooker

SUBJECT_SHARE = 0.8
LOST_POINTS = 0.05


@pytest.fixture(scope="module")
def lora(school: School, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    return school.taught(THING, TRIGGER, LORA, tmp_path_factory.mktemp("training"))


def test_nothing_that_is_asked_for_was_shown() -> None:
    assert not set(HELD_BACK_COLOURS) & {colour for colour, _, _ in SHOWN}
    assert not set(HELD_BACK_BACKDROPS) & {backdrop for _, backdrop, _ in SHOWN}


def test_none_of_the_other_prompts_is_one_that_the_training_holds_on_to(school: School) -> None:
    held = school.plan(TRIGGER, LORA).prior_prompts
    assert held
    assert not set(held) & {asked.text for asked in other_prompts(OTHERS)}


def test_before_it_is_taught_the_starter_seldom_draws_what_passes_for_it(
    school: School, onlooker: Onlooker
) -> None:
    wanted = before_other_backdrops(THING, TRIGGER, 14)
    assert share(school, onlooker, wanted) <= 0.3


def test_five_drawings_teach_a_thing_before_backdrops_that_they_do_not_show(
    school: School, lora: Taught, onlooker: Onlooker
) -> None:
    wanted = before_other_backdrops(THING, TRIGGER, SUBJECTS)
    assert share(school, onlooker, wanted, lora) >= SUBJECT_SHARE


def test_they_teach_it_in_colours_and_before_backdrops_that_they_do_not_show(
    school: School, lora: Taught, onlooker: Onlooker
) -> None:
    wanted = in_other_colours(THING, TRIGGER, COLOURED)
    assert share(school, onlooker, wanted, lora) >= SUBJECT_SHARE


def test_other_prompts_mean_what_they_meant_with_the_lora_on(
    school: School, lora: Taught, judge: Checker, untaught: np.ndarray
) -> None:
    asked = other_prompts(OTHERS)
    before = adherence(judge, asked, untaught)
    after = adherence(judge, asked, school.drawn([one.text for one in asked], lora))
    for question, right in before.items():
        assert after[question] >= right - LOST_POINTS, (question, before, after)


def test_with_the_lora_off_every_picture_is_as_if_there_had_been_no_training(
    school: School, lora: Taught, untaught: np.ndarray
) -> None:
    few = [asked.text for asked in other_prompts(OTHERS)][:8]
    assert np.array_equal(school.drawn(few), untaught[:8])
