"""Prompts mean what they say: weights, sums, schedules, negatives on the starter model, with an independent judge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.worker.recipes.decoding import decode
from pipelines.worker.recipes.still import Brief, Look, still
from tests.editing_lab import workbench
from tests.pipelines.worker.workbench import Workbench, as_on_the_gpu_thread
from tests.prompting_studies import STEPS, asking, drawn, named, share
from training.starter.checker import Checker, load_checker

PICTURES = 6
MOSTLY = 0.8  # the model itself is right in 92 of 100


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


def test_a_schedule_draws_the_one_first_and_then_the_other(
    bench: Workbench, judge: Checker
) -> None:
    model, request = bench.model(), asking("[a red circle:a blue star:0.5]")
    half: list[np.ndarray] = []
    done: list[np.ndarray] = []
    for seed in range(PICTURES):
        looks: list[Look] = []
        still(Brief(request, seed), model, looks.append)
        half.append(decode(looks[STEPS // 2 - 1].x0, model).numpy())
        done.append(decode(looks[-1].x0, model).numpy())

    assert share(judge, half, thing="circle", colour="red") >= MOSTLY
    assert share(judge, done, thing="star", colour="blue") >= MOSTLY


def test_a_schedule_that_comes_late_changes_no_shape_any_more(
    bench: Workbench, judge: Checker
) -> None:
    late = drawn(bench, "[a red circle:a blue star:0.75]", PICTURES)
    assert share(judge, late, thing="circle", colour="red") >= MOSTLY


def test_a_sum_shows_what_both_parts_say(bench: Workbench, judge: Checker) -> None:
    alone = drawn(bench, "a house", PICTURES)
    together = drawn(bench, "a house AND on a meadow", PICTURES)

    assert share(judge, alone, backdrop="meadow") <= 0.25
    assert share(judge, together, thing="house", backdrop="meadow") >= MOSTLY


def test_a_part_of_negative_weight_keeps_out_what_it_says(bench: Workbench, judge: Checker) -> None:
    on_a_meadow = drawn(bench, "a house AND on a meadow:-0.5", PICTURES)
    meadows = sum(
        count
        for name, count in named(judge, on_a_meadow, "backdrop").items()
        if name.startswith("meadow")
    )

    assert meadows == 0
    assert share(judge, on_a_meadow, thing="house") >= MOSTLY


def test_the_more_a_word_weighs_the_more_it_is_seen(bench: Workbench, judge: Checker) -> None:
    reds = [
        share(judge, drawn(bench, prompt, PICTURES), colour="red")
        for prompt in ("a (red:0) star", "a (red:0.5) star", "a (red:1.5) star")
    ]

    assert reds == sorted(reds)
    assert reds[0] <= 0.4
    assert reds[-1] == 1


def test_of_two_colours_the_one_that_weighs_more_wins(bench: Workbench, judge: Checker) -> None:
    red = drawn(bench, "a (red:1.5) and blue circle", PICTURES)
    blue = drawn(bench, "a red and (blue:1.5) circle", PICTURES)

    assert share(judge, red, colour="red") >= MOSTLY
    assert share(judge, blue, colour="blue") >= MOSTLY


@pytest.mark.parametrize(
    ("prompt", "negative", "question"),
    [("a star", "red", "colour"), ("a tree", "green", "colour"), ("a house", "yellow", "colour")],
)
def test_what_the_negative_prompt_names_disappears(
    prompt: str, negative: str, question: str, bench: Workbench, judge: Checker
) -> None:
    before = named(judge, drawn(bench, prompt, PICTURES), question)[negative]
    after = drawn(bench, prompt, PICTURES, negative_prompt=negative)

    assert before >= 1
    assert named(judge, after, question)[negative] == 0
    assert share(judge, after, thing=prompt.removeprefix("a ")) >= MOSTLY


def test_a_scheduled_negative_prompt_counts_only_while_it_lasts(
    bench: Workbench, judge: Checker
) -> None:
    early = drawn(bench, "a star", PICTURES, negative_prompt="[red::0.5]")
    late = drawn(bench, "a star", PICTURES, negative_prompt="[red:0.9]")
    never = drawn(bench, "a star", PICTURES)

    assert named(judge, early, "colour")["red"] == 0
    assert named(judge, late, "colour")["red"] >= named(judge, never, "colour")["red"] > 0
