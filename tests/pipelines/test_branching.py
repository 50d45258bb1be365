"""Branches: what held for the first steps stays, what is asked holds from there on, and nonsense is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pipelines.asking.beginnings import Beginning, check_beginnings
from pipelines.asking.noise import Noise
from pipelines.asking.sampling import Sampling
from pipelines.branching import Branch, adds_noise, branched
from pipelines.editing.source import Source
from pipelines.errors import RequestError
from pipelines.request import Request, check
from pipelines.variants import variants


def picture(sampler: str = "Euler a", steps: int = 20, **values: Any) -> Request:
    """The resolved request of one picture."""
    sampling = Sampling(sampler=sampler, schedule="Karras", steps=steps, guidance_scale=6.5)
    given = {"prompt": "a star", "negative_prompt": "fog", "checkpoint": "toy", "seed": 7, **values}
    return Request(width=64, height=64, clip_skip=1, sampling=sampling, **given)


def held(request: Request) -> list[tuple[int, str, float, int | None]]:
    """What holds, one after another: until, prompt, CFG, later seed."""
    first = [(b.until, b.prompt, b.guidance_scale, b.later_seed) for b in request.beginnings]
    scale = request.sampling.guidance_scale or 0.0
    return [*first, (request.steps_taken, request.prompt, scale, request.noise.later_seed)]


def test_what_is_asked_holds_from_the_step_on() -> None:
    branch = branched(picture(), Branch(step=8, prompt="a comet", guidance_scale=3.0))

    assert held(branch) == [(8, "a star", 6.5, None), (20, "a comet", 3.0, None)]
    assert branch.beginnings[0].negative_prompt == branch.negative_prompt == "fog"
    assert branch.seed == 7
    check(branch)


def test_all_else_is_as_in_the_picture() -> None:
    old = picture(seamless="x", exact=True, format="webp", noise=Noise(source="cpu"))

    branch = branched(old, Branch(step=3, negative_prompt=""))

    same = dataclasses.replace(branch, beginnings=(), negative_prompt="fog")
    assert same == old


def test_a_branch_of_a_branch_keeps_what_held_before() -> None:
    first = branched(picture(), Branch(step=8, prompt="a comet"))

    second = branched(first, Branch(step=12, prompt="a moon", later_seed=5))

    assert held(second) == [
        (8, "a star", 6.5, None),
        (12, "a comet", 6.5, None),
        (20, "a moon", 6.5, 5),
    ]


def test_from_inside_an_earlier_beginning_that_one_goes_on() -> None:
    old = branched(picture(), Branch(step=8, prompt="a comet", guidance_scale=3.0))

    branch = branched(old, Branch(step=5, negative_prompt="rain"))

    assert held(branch) == [(5, "a star", 6.5, None), (20, "a star", 6.5, None)]
    assert branch.negative_prompt == "rain"


def test_at_the_same_step_a_branch_is_a_sibling() -> None:
    old = branched(picture(), Branch(step=8, prompt="a comet", guidance_scale=3.0))

    branch = branched(old, Branch(step=8, prompt="a moon"))

    assert held(branch) == [(8, "a star", 6.5, None), (20, "a moon", 3.0, None)]


def test_pictures_of_a_branch_differ_in_the_noise_from_there_on() -> None:
    branch = branched(picture(), Branch(step=8, later_seed=-1, batch_size=3))
    rolled = dataclasses.replace(branch, noise=Noise(later_seed=100))

    assert branch.noise.later_seed == -1
    assert [one.seed for one in variants(rolled)] == [7, 7, 7]
    assert [one.changes for one in variants(rolled)][1:] == [
        {"noise.later_seed": 101},
        {"noise.later_seed": 102},
    ]


def test_another_picture_of_a_branch_can_be_branched_from() -> None:
    old = branched(picture(), Branch(step=8, later_seed=5))

    branch = branched(old, Branch(step=12, prompt="a moon"))

    assert held(branch) == [
        (8, "a star", 6.5, None),
        (12, "a star", 6.5, 5),
        (20, "a moon", 6.5, 5),
    ]


def test_a_picture_from_a_picture_counts_its_own_steps() -> None:
    old = picture(source=Source(image="0" * 32, strength=0.5))
    assert old.steps_taken == 11

    assert branched(old, Branch(step=10, prompt="a moon")).beginnings[0].until == 10
    with pytest.raises(RequestError, match="outside 1 to 10"):
        branched(old, Branch(step=11, prompt="a moon"))


def test_words_that_are_replaced_have_no_template_any_more() -> None:
    old = picture(template="a __thing__", negative_template="__weather__")

    branch = branched(old, Branch(step=8, prompt="a moon"))

    assert (branch.template, branch.negative_template) == ("", "__weather__")


@pytest.mark.parametrize("sampler", [None, "Moon a"])
def test_of_pictures_of_other_programs_the_sampler_may_not_be_known(sampler: str | None) -> None:
    assert not adds_noise(Sampling(sampler=sampler))


def test_json_is_read_with_its_types() -> None:
    assert Branch.from_dict({"step": 4, "later_seed": -1}) == Branch(step=4, later_seed=-1)
    with pytest.raises(RequestError, match="moon"):
        Branch.from_dict({"step": 4, "moon": 1})
    with pytest.raises(RequestError, match="step"):
        Branch.from_dict({"step": "four"})


@pytest.mark.parametrize(
    ("old", "asked", "field", "why"),
    [
        pytest.param({}, {"step": 0, "prompt": "b"}, "step", "outside 1 to 19", id="no-step"),
        pytest.param({}, {"step": 20, "prompt": "b"}, "step", "outside 1 to 19", id="all-steps"),
        pytest.param({"steps": 1}, {"step": 1}, "step", "the picture takes 1", id="one-step"),
        pytest.param({}, {"step": 8}, "step", "nothing is different", id="nothing"),
        pytest.param(
            {}, {"step": 8, "prompt": "a star"}, "step", "nothing is different", id="the-same"
        ),
        pytest.param({}, {"step": 8, "later_seed": -2}, "later_seed", "outside", id="seed"),
        pytest.param(
            {"sampler": "Euler"},
            {"step": 8, "later_seed": 3},
            "later_seed",
            "Euler adds no noise on the way",
            id="no-noise",
        ),
        pytest.param(
            {"sampler": "DPM++ 2M"},
            {"step": 8, "prompt": "b", "later_seed": 3, "batch_size": 2},
            "batch_size",
            "differ in the noise",
            id="equal-pictures",
        ),
        pytest.param(
            {}, {"step": 8, "prompt": "b", "batch_size": 2}, "batch_size", "differ", id="no-seed"
        ),
        pytest.param(
            {"checkpoint": None}, {"step": 8, "prompt": "b"}, "step", "lacks checkpoint", id="open"
        ),
        pytest.param({"seed": -1}, {"step": 8, "prompt": "b"}, "step", "lacks seed", id="any-seed"),
    ],
)
def test_what_makes_no_branch_is_refused_with_field_and_remedy(
    old: dict[str, Any], asked: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(RequestError, match=why) as caught:
        branched(picture(**old), Branch(**asked))

    assert caught.value.field == field
    assert caught.value.remedy


def test_another_seed_beside_another_prompt_is_taken_even_where_it_adds_nothing() -> None:
    branch = branched(picture("Euler"), Branch(step=8, prompt="a moon", later_seed=4))

    assert held(branch)[-1] == (20, "a moon", 6.5, 4)


def test_not_more_branches_of_branches_than_a_request_holds() -> None:
    old = picture()
    for step in range(1, 17):
        old = branched(old, Branch(step=step, prompt=f"a star {step}"))
    check(old)

    with pytest.raises(RequestError, match="more than 16"):
        check(branched(old, Branch(step=18, prompt="a moon")))


@pytest.mark.parametrize(
    ("beginnings", "field"),
    [
        ((Beginning(until=0),), "beginnings.0.until"),
        ((Beginning(until=8),), "beginnings.0.until"),
        ((Beginning(until=3), Beginning(until=3)), "beginnings.1.until"),
        ((Beginning(until=3, guidance_scale=31.0),), "beginnings.0.guidance_scale"),
        ((Beginning(until=3, later_seed=-1),), "beginnings.0.later_seed"),
    ],
)
def test_beginnings_from_elsewhere_are_checked(
    beginnings: tuple[Beginning, ...], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        check_beginnings(beginnings, steps=8)

    assert caught.value.field == field
