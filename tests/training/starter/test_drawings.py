"""The drawings and their captions: repeatable, complete, and honest about what was held out."""

import numpy as np
import pytest

from training.starter.backdrops import paint_backdrop
from training.starter.captions import FACTS, describe
from training.starter.dataset import draw
from training.starter.drawings import THINGS
from training.starter.scenes import (
    BACKDROPS,
    COLOURS,
    HELD_OUT,
    STYLES,
    Scene,
    Subject,
    compose_one,
    sample_scene,
)
from training.starter.styles import render


def scenes(count: int) -> list[Scene]:
    return [sample_scene(np.random.default_rng([5, i])) for i in range(count)]


def test_the_same_number_gives_the_same_drawing_and_caption():
    picture, text, facts = draw(3, 128)
    again, text_again, facts_again = draw(3, 128)
    assert np.array_equal(picture, again)
    assert (text, facts) == (text_again, facts_again)
    assert not np.array_equal(picture, draw(4, 128)[0])


@pytest.mark.parametrize("thing", THINGS)
def test_every_thing_can_be_drawn_in_every_colour_and_style_and_its_caption_names_all(thing):
    for number, (colour, style) in enumerate((c, s) for c in COLOURS for s in STYLES):
        rng = np.random.default_rng([6, number])
        backdrop = "white" if colour != "white" else "black"
        scene = compose_one(rng, Subject(thing, colour), backdrop, style)
        picture = np.asarray(render(scene, 64, np.random.default_rng(0)))
        assert picture.shape == (64, 64, 3)
        text = describe(scene, rng, in_full=True).text
        assert colour in text
        assert backdrop in text
        assert any(word in text for word in THINGS[thing].words)


@pytest.mark.parametrize("thing", THINGS)
def test_a_drawn_thing_shows_its_colour(thing):
    for colour, rgb in COLOURS.items():
        backdrop = "green" if colour != "green" else "purple"
        scene = compose_one(np.random.default_rng(1), Subject(thing, colour), backdrop, "flat")
        picture = np.asarray(render(scene, 64, np.random.default_rng(2))).astype(int)
        near = np.abs(picture - np.array(rgb)).sum(axis=2) < 110
        assert near.mean() > 0.02, colour


@pytest.mark.parametrize("backdrop", BACKDROPS)
def test_every_backdrop_differs_from_picture_to_picture(backdrop):
    scene = Scene((), backdrop, "flat")
    first, second = (
        np.asarray(paint_backdrop(scene, 64, np.random.default_rng(s))).astype(int) for s in (1, 2)
    )
    assert np.abs(first - second).mean() > 1


def test_a_thing_is_never_shown_in_a_held_out_colour_nor_on_its_own_colour():
    for scene in scenes(3000):
        for subject in scene.subjects:
            assert subject.colour not in HELD_OUT[subject.thing]
            assert subject.colour != scene.backdrop


def test_every_colour_is_held_out_as_often_as_any_other():
    left_out = [c for pair in HELD_OUT.values() for c in pair]
    assert set(HELD_OUT) == set(THINGS)
    assert {left_out.count(c) for c in COLOURS} == {3}


def test_all_facts_occur_in_the_drawings():
    seen: list[set[int]] = [set() for _ in FACTS]
    for number, scene in enumerate(scenes(3000)):
        caption = describe(scene, np.random.default_rng([7, number]))
        for values, fact in zip(seen, caption.facts, strict=True):
            values.add(fact)
    assert [len(values) for values in seen] == [len(values) for values in FACTS.values()]


def test_what_is_left_unsaid_is_ordinary():
    for number, scene in enumerate(scenes(800)):
        text = describe(scene, np.random.default_rng([8, number])).text
        if scene.style == "watercolour":
            assert "watercolo" in text
        if scene.subjects[0].size == "small":
            assert any(word in text for word in ("small", "little", "tiny"))


def test_subjects_stay_in_the_picture():
    for scene in scenes(2000):
        for subject in scene.subjects:
            assert 0 < subject.x < 1
            assert 0 < subject.y < 1
            assert subject.reach < 0.5
