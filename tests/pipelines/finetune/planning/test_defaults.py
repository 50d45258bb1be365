"""Defaults: nothing stays open, what was said stays as it was said, and a trigger is a word that nobody has."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.families import FAMILIES
from pipelines.finetune.pictures.captions import Words, plain
from pipelines.finetune.plan import KINDS, METHODS, STYLE, Plan
from pipelines.finetune.planning.defaults import ROWS, settled, trigger_of
from pipelines.finetune.planning.known import COLOURS, SCENERY, THINGS, known
from training.starter import drawings, scenes

OPEN = {"checkpoint", "alpha"}  # None of these means something


def base(family: str = "sd15", *, is_starter: bool = False) -> Checkpoint:
    defaults = FAMILIES[family].defaults
    return Checkpoint(
        name="base", path=Path("base"), family=family, defaults=defaults, is_starter=is_starter
    )


@pytest.mark.parametrize("pictures", [1, 5, 12, 100, 500])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl"])
def test_every_plan_is_settled_within_bounds(
    family: str, method: str, kind: str, pictures: int
) -> None:
    for is_starter in (False, family == "sd15"):
        asked = Plan(name="My dog Rex", class_word="dog", kind=kind, method=method)
        plan = settled(asked, pictures, base(family, is_starter=is_starter))

        plan.check()
        open_fields = {one.name for one in fields(plan) if getattr(plan, one.name) is None}
        assert open_fields <= OPEN
        assert plan.trigger
        assert plan.sample_prompts
        assert all(plan.trigger in text for text in plan.sample_prompts)
        assert (plan.held_out or 0) < pictures
        assert 1 <= (plan.sample_every or 0) <= (plan.steps or 0)


def test_what_was_said_stays() -> None:
    said = Plan(
        name="Rex",
        trigger="zwk",
        class_word="dog",
        steps=7,
        batch_size=3,
        resolution=320,
        learning_rate=0.01,
        text_learning_rate=0.02,
        rank=1,
        vectors=5,
        trains_text=False,
        saves_memory=False,
        min_snr_gamma=0.0,
        held_out=0,
        prior_pictures=0,
        prior_prompts=("a cat",),
        prior_weight=0.5,
        mirrors=True,
        output_preservation=True,
        rate_schedule="cosine",
        recolourings=3,
        trains_convolutions=True,
        sample_every=2,
        sample_prompts=("zwk",),
        initial_word="cat",
    )

    plan = settled(said, 100, base())

    for one in fields(said):
        if one.name not in ("checkpoint",):
            assert getattr(plan, one.name) == getattr(said, one.name), one.name


def test_the_starter_is_not_held_to_how_it_draws_what_it_has_no_word_for() -> None:
    plan = settled(Plan(name="Rex", class_word="dog"), 5, base(is_starter=True))

    assert plan.prior_pictures == 0
    assert plan.output_preservation
    assert plan.prior_prompts
    assert not any("dog" in prompt for prompt in plan.prior_prompts)


def test_the_starter_is_held_to_each_thing_that_it_knows_in_every_colour_and_place() -> None:
    prompts = known(60)

    assert len(set(prompts)) == 60
    for word in (*THINGS, *COLOURS, *SCENERY):
        assert sum(word in prompt for prompt in prompts) >= 3, word


def test_what_the_starter_is_held_to_are_its_own_words() -> None:
    """Each thing and colour that it was trained on, and no other."""
    assert set(THINGS) == set(drawings.THINGS)
    assert set(COLOURS) == set(scenes.COLOURS)


def test_prompts_without_pictures_are_for_preserved_outputs_alone() -> None:
    said = Plan(name="Rex", prior_prompts=("a cat", "a tree"), prior_pictures=0)

    assert settled(said, 5, base()).prior_prompts == ()
    kept = settled(replace(said, output_preservation=True), 5, base())
    assert kept.prior_prompts == ("a cat", "a tree")


def test_settling_twice_changes_nothing() -> None:
    once = settled(Plan(name="Rex", class_word="dog"), 12, base())

    assert settled(once, 12, base()) == once


def test_more_pictures_take_more_steps_within_bounds() -> None:
    steps = [settled(Plan(name="Rex"), count, base()).steps or 0 for count in (1, 5, 20, 500)]

    assert steps == sorted(steps)
    assert steps[0] == ROWS["sd15", "lora"].steps[0]
    assert steps[-1] == ROWS["sd15", "lora"].steps[1]


def test_pictures_of_the_class_are_drawn_where_there_is_one_to_keep() -> None:
    with_class = settled(Plan(name="Rex", class_word="dog"), 5, base())
    without = settled(Plan(name="Rex"), 5, base())
    style = settled(Plan(name="Ink", class_word="drawing", kind=STYLE), 5, base())
    embedding = settled(Plan(name="Rex", class_word="dog", method="embedding"), 5, base())

    assert with_class.prior_prompts == ("a dog",)
    assert (with_class.prior_pictures or 0) > 0
    assert [one.prior_pictures for one in (without, style, embedding)] == [0, 0, 0]


def test_few_pictures_are_all_learned_from() -> None:
    held = [settled(Plan(name="Rex"), count, base()).held_out for count in (1, 5, 7, 8, 100)]

    assert held == [0, 0, 0, 1, 10]


@pytest.mark.parametrize("name", ["Rex", "My dog Rex", "O'Ea 9", "Жучка", "aeiou", "x", "犬"])
def test_a_trigger_is_one_rare_word(name: str) -> None:
    trigger = trigger_of(Plan(name=name))

    assert trigger.isascii()
    assert trigger.isalpha()
    assert 4 <= len(trigger) <= 6
    assert not set(trigger) & set("aeiou")
    assert trigger == trigger_of(
        Plan(name=name)
    )  # the same again, so that a draft does not flicker
    assert plain(Words("subject", trigger, "dog")).split()[-2:] == [trigger, "dog"]


def test_a_trigger_is_no_word_that_is_taken() -> None:
    first = trigger_of(Plan(name="Rex"))
    second = trigger_of(Plan(name="Rex"), [first.upper()])

    assert second != first
    assert second.startswith(first)


def test_names_that_differ_have_different_triggers() -> None:
    names = ["Rex", "Max", "Bo", "Lu", "Ida", "Ada", "Oda", "Жучка", "犬", "猫"]

    assert len({trigger_of(Plan(name=name)) for name in names}) == len(names)
