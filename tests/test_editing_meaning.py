"""Editing means what it says: on the starter model, with an independent judge. Few edits; the benchmark makes many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from pipelines.editing.canvas import lay
from pipelines.editing.source import RESIZES
from tests.editing_lab import SIZE_PX, Edit, asking, edited_together, workbench
from tests.editing_scenes import box_mask, drawing, words_of
from tests.editing_seams import Steps, steps
from tests.editing_studies import (
    ADD,
    ADD_STRENGTH,
    CHANGED,
    CORNERS,
    EXTEND,
    EXTEND_STRENGTH,
    added,
    changed,
    removed,
    share,
    similarities,
)
from tests.pipelines.worker.workbench import Workbench, as_on_the_gpu_thread
from training.starter.checker import Checker, load_checker
from training.starter.scenes import Subject


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As on the GPU thread; put back afterwards."""
    with as_on_the_gpu_thread():
        yield


@pytest.fixture(scope="module")
def bench(one_thread: None) -> Workbench:
    return workbench()


@pytest.fixture(scope="module")
def judge() -> Checker:
    return load_checker()


@pytest.mark.parametrize(("area", "at_least"), [("masked", 4), ("picture", 3)])
def test_a_thing_appears_where_it_was_painted(
    area: str, at_least: int, bench: Workbench, judge: Checker
) -> None:
    """Five things, each in the corner of a scene; the rest of it stays to the bit."""
    outcomes = added(bench, judge, 5, area)

    assert sum(one.is_right for one in outcomes) >= at_least
    assert share(outcomes, "is_kept") == 1


def test_what_is_taken_away_leaves_what_is_behind_it(bench: Workbench, judge: Checker) -> None:
    outcomes = removed(bench, judge, 6)

    assert share(outcomes) >= 0.8
    assert share(outcomes, "is_kept") >= 0.8


def test_a_red_house_becomes_blue_and_stays_a_house(bench: Workbench, judge: Checker) -> None:
    outcomes = changed(bench, judge, 5)

    assert share(outcomes) >= 0.8
    assert share(outcomes, "is_kept") >= 0.8


def test_other_things_take_another_colour_too(bench: Workbench, judge: Checker) -> None:
    outcomes = changed(bench, judge, 5, CHANGED)

    assert share(outcomes) >= 0.6
    assert share(outcomes, "is_kept") >= 0.6


def test_the_stronger_the_less_is_left_of_the_source(bench: Workbench) -> None:
    """From itself down to no more than unrelated pictures have in common."""
    own, others = similarities(bench, 6, (0.0, 0.2, 0.4, 0.7, 1.0), steps=8)

    assert own[0] == 1
    assert all(later <= earlier + 0.01 for earlier, later in pairwise(own))
    assert own[1] > own[-1] + 0.05
    assert own[-1] <= 1.1 * others


def test_strength_zero_is_the_input(bench: Workbench) -> None:
    picture = drawing(Subject("boat", "red"), "sea", 3).picture

    (same,) = edited_together(bench, [Edit(asking("a cat", strength=0.0), picture)])

    assert np.array_equal(same, np.asarray(picture))


@pytest.mark.parametrize("resize", RESIZES)
def test_a_cross_lands_where_the_geometry_says(resize: str, bench: Workbench) -> None:
    """Drawn at (96, 32) of 192 × 128; seen again after it was encoded, hardly changed and decoded."""
    places = {"stretch": (64, 32), "crop": (64, 32), "fill": (64, 43), "latent": (64, 32)}
    picture = Image.new("RGB", (192, 128), "white")
    picture.paste((20, 20, 20), (88, 28, 104, 36))
    picture.paste((20, 20, 20), (92, 20, 100, 44))
    light = asking("a black cross", strength=0.04, resize=resize)

    (made,) = edited_together(bench, [Edit(light, picture)])

    dark = np.clip(200 - made.astype(float).mean(axis=2), 0, None)
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX] + 0.5
    assert (dark * x).sum() / dark.sum() == pytest.approx(places[resize][0], abs=3)
    assert (dark * y).sum() / dark.sum() == pytest.approx(places[resize][1], abs=3)


def test_a_picture_goes_on_beyond_its_edge(bench: Workbench) -> None:
    before = drawing(Subject("tree", "green", place="left"), "meadow", 5).picture
    asked = asking("in a meadow", EXTEND, strength=EXTEND_STRENGTH, extend_right=64)

    (made,) = edited_together(bench, [Edit(asked, before)])

    assert made.shape == (128, 192, 3)
    assert np.array_equal(made[:, :128], np.asarray(before))
    sky, grass = made[10:30, 140:].mean(axis=(0, 1)), made[100:, 140:].mean(axis=(0, 1))
    assert sky[2] > sky[0]  # blue
    assert grass[1] > grass[2] + 30  # green


@pytest.mark.parametrize("is_inside", [True, False], ids=["inpainting", "outpainting"])
def test_no_border_is_seen(is_inside: bool, bench: Workbench) -> None:
    """In drawings by pencil, whose strokes are a texture."""
    mask = box_mask(CORNERS["picture"][1]) if is_inside else None
    edits = []
    for backdrop in ("meadow", "sea", "snow"):
        thing = Subject("boat", "blue", size="small", place="left")
        picture = drawing(thing, backdrop, 700, style="pencil").picture
        prompt = f"{words_of(backdrop)}, pencil drawing"
        asked = asking(prompt, EXTEND, strength=EXTEND_STRENGTH, extend_right=64)
        if is_inside:
            asked = asking(prompt, replace(ADD, area="picture"), strength=ADD_STRENGTH)
        edits.append(Edit(asked, picture, mask, 1))

    total = Steps()
    for made, edit in zip(edited_together(bench, edits), edits, strict=True):
        assert edit.picture is not None
        alpha = lay(edit.request, edit.picture, mask).alpha
        assert alpha is not None
        total += steps(made, alpha >= 128)

    assert total.ratio <= 1.4  # of many drawings 1.15: the benchmark


# ---- the measure itself ----------------------------------------------------------------------------------


def test_a_step_is_seen_and_texture_is_not() -> None:
    texture = np.random.default_rng(0).integers(100, 120, (60, 60, 3), np.uint8)
    inside = np.zeros((60, 60), bool)
    inside[20:40, 20:40] = True

    assert steps(texture, inside).ratio == pytest.approx(1, abs=0.1)
    assert steps(texture + 40 * inside[..., None].astype(np.uint8), inside).ratio > 4
