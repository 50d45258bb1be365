"""Teaching means what it says: of five drawings of a thing never seen, the starter draws it where it was not shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.finetune.plan import EMBEDDING, LORA
from tests.pipelines.worker.workbench import as_on_the_gpu_thread
from tests.teaching_lab import (
    HELD_BACK_BACKDROPS,
    HELD_BACK_COLOURS,
    SHOWN,
    Wanted,
    adherence,
    before_other_backdrops,
    in_other_colours,
    other_prompts,
    share_shown,
)
from tests.teaching_school import School, Taught
from training.starter.checker import Checker, load_checker
from training.starter.onlooker import Onlooker, load_onlooker

THING, TRIGGER = "robot", "zorp"
SUBJECTS, COLOURED, OTHERS = 35, 50, 60
SUBJECT_SHARE = 0.8
EMBEDDING_SHARE = 0.35  # a word alone, in a model that never drew such a thing
LOST_POINTS = 0.05
FIRST_SEED = 500


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As on the GPU thread; put back afterwards."""
    with as_on_the_gpu_thread():
        yield


@pytest.fixture(scope="module")
def school(one_thread: None) -> School:
    return School()


@pytest.fixture(scope="module")
def lora(school: School, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    return school.taught(THING, TRIGGER, LORA, _folder(tmp_path_factory))


@pytest.fixture(scope="module")
def embedding(school: School, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    return school.taught(THING, TRIGGER, EMBEDDING, _folder(tmp_path_factory))


@pytest.fixture(scope="module")
def onlooker() -> Onlooker:
    return load_onlooker()


@pytest.fixture(scope="module")
def judge() -> Checker:
    return load_checker()


@pytest.fixture(scope="module")
def untaught(school: School) -> np.ndarray:
    """The other prompts, as the starter draws them."""
    return school.drawn([asked.text for asked in other_prompts(OTHERS)])


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("training")


def _share(
    school: School, onlooker: Onlooker, wanted: list[Wanted], taught: Taught | None = None
) -> float:
    """Of how many pictures the judge says that they show the thing."""
    pictures = school.drawn([one.prompt for one in wanted], taught, FIRST_SEED)
    return share_shown(onlooker, wanted, pictures)["thing"]


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
    assert _share(school, onlooker, wanted) <= 0.3


def test_five_drawings_teach_a_thing_before_backdrops_that_they_do_not_show(
    school: School, lora: Taught, onlooker: Onlooker
) -> None:
    wanted = before_other_backdrops(THING, TRIGGER, SUBJECTS)
    assert _share(school, onlooker, wanted, lora) >= SUBJECT_SHARE


def test_they_teach_it_in_colours_and_before_backdrops_that_they_do_not_show(
    school: School, lora: Taught, onlooker: Onlooker
) -> None:
    wanted = in_other_colours(THING, TRIGGER, COLOURED)
    assert _share(school, onlooker, wanted, lora) >= SUBJECT_SHARE


def test_other_prompts_mean_what_they_meant_with_the_lora_on(
    school: School, lora: Taught, judge: Checker, untaught: np.ndarray
) -> None:
    asked = other_prompts(OTHERS)
    before = adherence(judge, asked, untaught)
    after = adherence(judge, asked, school.drawn([one.text for one in asked], lora))
    for question, share in before.items():
        assert after[question] >= share - LOST_POINTS, (question, before, after)


def test_with_the_lora_off_every_picture_is_as_if_there_had_been_no_training(
    school: School, lora: Taught, untaught: np.ndarray
) -> None:
    few = [asked.text for asked in other_prompts(OTHERS)][:8]
    assert np.array_equal(school.drawn(few), untaught[:8])


def test_an_embedding_teaches_it_more_often_than_it_is_drawn_untaught(
    school: School, embedding: Taught, onlooker: Onlooker
) -> None:
    wanted = in_other_colours(THING, TRIGGER, COLOURED)
    assert _share(school, onlooker, wanted, embedding) >= EMBEDDING_SHARE


def test_prompts_without_its_word_do_not_know_of_an_embedding(
    school: School, embedding: Taught, untaught: np.ndarray
) -> None:
    few = [asked.text for asked in other_prompts(OTHERS)][:8]
    assert np.array_equal(school.drawn(few, embedding), untaught[:8])
