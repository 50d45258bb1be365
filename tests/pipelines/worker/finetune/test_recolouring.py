"""Recolourings: the thing keeps its shape and its shades, what is not named its colour; the caption says what is so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.examples import recolourings
from pipelines.worker.finetune.messages import Lesson
from pipelines.worker.finetune.recolouring import COLOURS, recoloured, reworded, swaps_of
from tests.teaching_lab import five
from training.starter.onlooker import load_onlooker, see_all

GREY = (128, 128, 128)
CLOSE = 8  # levels: hues are rounded to 256 steps


def drawing(inside: str, around: str) -> Image.Image:
    picture = Image.new("RGB", (64, 64), COLOURS[around])
    draw = ImageDraw.Draw(picture)
    draw.rectangle((16, 16, 47, 47), COLOURS[inside])
    draw.rectangle((28, 28, 35, 35), GREY)
    return picture


def chance(number: int = 0) -> np.random.Generator:
    return np.random.default_rng(number)


@pytest.mark.parametrize("old", COLOURS)
@pytest.mark.parametrize("new", COLOURS)
def test_each_colour_becomes_each_other_and_nothing_else_changes(old: str, new: str) -> None:
    around = next(one for one in ("blue", "yellow", "green") if one != old)
    picture = recoloured(drawing(old, around), ((old, new),))

    wanted = np.array(COLOURS[new], int)
    assert np.abs(np.array(picture.getpixel((20, 20)), int) - wanted).max() <= CLOSE
    assert np.abs(np.array(picture.getpixel((4, 4)), int) - COLOURS[around]).max() <= CLOSE
    assert np.abs(np.array(picture.getpixel((32, 32)), int) - GREY).max() <= CLOSE


def test_two_colours_are_swapped_at_once() -> None:
    picture = recoloured(drawing("red", "blue"), (("red", "blue"), ("blue", "red")))

    inside, outside = picture.getpixel((20, 20)), picture.getpixel((4, 4))
    assert np.abs(np.array(inside, int) - COLOURS["blue"]).max() <= CLOSE
    assert np.abs(np.array(outside, int) - COLOURS["red"]).max() <= CLOSE


def test_shades_stay_shades() -> None:
    picture = Image.new("RGB", (2, 1), COLOURS["red"])
    picture.putpixel((1, 0), tuple(level * 6 // 10 for level in COLOURS["red"]))
    light, dark = np.asarray(recoloured(picture, (("red", "green"),)), float)[0]

    assert dark == pytest.approx(light * 0.6, abs=3)


@pytest.mark.parametrize(
    ("caption", "swaps", "said"),
    [
        (
            "a red zorp on an orange background",
            (("red", "orange"), ("orange", "red")),
            "an orange zorp on a red background",
        ),
        ("An Orange cat", (("orange", "blue"),), "A blue cat"),
        ("a redder hat, an hour, red", (("red", "pink"),), "a redder hat, an hour, pink"),
    ],
)
def test_the_caption_says_what_is_shown(
    caption: str, swaps: tuple[tuple[str, str], ...], said: str
) -> None:
    assert reworded(caption, swaps) == said


def test_no_two_colours_become_one_and_each_is_named_once() -> None:
    for number in range(50):
        swaps = swaps_of("a red, blue and red thing on white", chance(number))
        assert [old for old, _ in swaps] == ["red", "blue", "white"]
        assert len({new for _, new in swaps}) == 3


def test_a_caption_without_colours_has_nothing_to_swap() -> None:
    assert swaps_of("a redder photo of my dog", chance()) == ()


def test_only_what_is_learned_from_and_names_a_colour_is_recoloured() -> None:
    named, plain = Lesson("1.png", "a red hat"), Lesson("2.png", "a hat")
    measured = Lesson("3.png", "a blue hat", is_held_out=True)
    views = recolourings((named, plain, measured), Plan(name="hat", recolourings=3))

    assert [view.lesson for view in views] == [named] * 3
    assert recolourings((named,), Plan(name="hat")) == []


def test_the_same_plan_recolours_alike_and_another_seed_otherwise() -> None:
    lessons = [Lesson(f"{n}.png", "a red hat on a blue table") for n in range(4)]
    first, again, other = (
        recolourings(lessons, Plan(name="hat", recolourings=4, seed=seed)) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_a_judge_sees_the_same_thing_in_the_colour_that_the_caption_names(tmp_path: Path) -> None:
    pictures, colours = [], []
    for drawn in five("robot", "zorp"):
        colour = drawn.caption.split()[1]
        for new in ("purple", "pink", "green"):
            pictures.append(np.asarray(recoloured(drawn.picture, ((colour, new),))))
            colours.append(new)
    seen = see_all(load_onlooker(), np.stack(pictures))

    assert np.mean([one["thing"] == "robot" for one in seen]) >= 0.9
    assert np.mean([one["colour"] == new for one, new in zip(seen, colours, strict=True)]) >= 0.8
