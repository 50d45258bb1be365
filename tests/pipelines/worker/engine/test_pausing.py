"""Pause: a job leaves the device within a step, and its pictures go on elsewhere to the same bits."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
import torch

from pipelines.samplers import SAMPLERS
from pipelines.worker.messages import (
    CheckpointRef,
    JobEnded,
    Launch,
    PictureDone,
    PictureHeld,
    PictureTask,
    Progress,
)
from tests.pipelines.worker.workbench import Later, Workbench, alone

SOURCE = random.Random(20)  # which steps are tried is the same in every run
MOMENTS = [(row.name, SOURCE.randint(1, 8)) for row in SAMPLERS]


def paused(bench: Workbench, turns: int, **asked: Any) -> list[PictureHeld]:
    """What is sent of the pictures when the job is paused after so many forwards."""
    bench.submit(**asked)
    bench.run(turns)
    bench.pause()
    assert bench.said[-1] == JobEnded("job")
    assert not bench.engine.turn()
    return bench.all(PictureHeld)


def developed(checkpoint: CheckpointRef, *held: PictureHeld, **asked: Any) -> torch.Tensor:
    """The first of these pictures, gone on with by another worker."""
    seed = asked.get("seed", 7)
    tasks = tuple(PictureTask(one.index, seed + one.index, one.state) for one in held)
    other = Workbench(checkpoint)
    other.submit(pictures=tasks, **asked)
    other.run()
    return other.pixels(index=held[0].index)


def turns_until(checkpoint: CheckpointRef, step: int, **asked: Any) -> int:
    """How many forwards a picture needs until it has taken so many steps."""
    bench, turns = Workbench(checkpoint), 0
    bench.submit(**asked)
    while not any(bench.clock.seconds and m.step >= step for m in bench.all(Progress)):
        bench.clock.seconds += 1.0  # so that every step is told
        bench.run(1)
        turns += 1
    return turns


@pytest.mark.parametrize(("sampler", "step"), MOMENTS)
def test_a_paused_picture_goes_on_in_another_worker_to_the_same_bits(
    toy: CheckpointRef, sampler: str, step: int
) -> None:
    asked: dict[str, Any] = {"sampler": sampler, "steps": 9, "schedule": "Automatic", "exact": True}
    turns = turns_until(toy, step, **asked)

    (held,) = paused(Workbench(toy), turns, **asked)

    assert held.is_paused
    assert held.step == step
    assert torch.equal(developed(toy, held, **asked), alone(toy, **asked))


@pytest.mark.parametrize("turns", range(3, 12))
def test_between_the_two_looks_of_a_step_the_step_is_taken_again(
    toy: CheckpointRef, turns: int
) -> None:
    asked: dict[str, Any] = {"sampler": "DPM++ SDE", "steps": 5, "exact": True}

    held = paused(Workbench(toy), turns, **asked)

    if held:
        assert torch.equal(developed(toy, *held, **asked), alone(toy, **asked))
    else:
        assert turns < 5  # words and the first step


def test_a_picture_is_paused_as_often_as_somebody_likes(toy: CheckpointRef) -> None:
    asked: dict[str, Any] = {"sampler": "DPM++ 2M SDE", "steps": 8, "exact": True}
    (held,) = paused(Workbench(toy), 4, **asked)
    for _ in range(3):
        task = PictureTask(0, 7, held.state)
        (held,) = paused(Workbench(toy), 4, pictures=(task,), **asked)

    assert torch.equal(developed(toy, held, **asked), alone(toy, **asked))


def test_pictures_that_develop_are_sent_and_those_that_wait_given_back(toy: CheckpointRef) -> None:
    bench = Workbench(toy)

    held = paused(bench, 5, steps=9, batch_size=2, batch_count=2)

    assert [one.index for one in held] == [0, 1]
    assert not bench.all(PictureDone)
    forwards = bench.pulse.forwards
    bench.run()
    assert bench.pulse.forwards == forwards


def test_other_pictures_do_not_notice(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    bench.submit("other", exact=True)
    bench.submit(exact=True, steps=20, seed=9)
    bench.run(6)

    bench.pause()
    assert bench.ended() == ["job"]
    bench.run()

    assert torch.equal(bench.pixels("other"), alone(toy, exact=True))


def test_a_job_whose_model_is_being_read_is_given_back_at_once(toy: CheckpointRef) -> None:
    disk = Later()
    bench = Workbench(toy, reader=disk)
    bench.submit()
    bench.run()

    bench.pause()
    disk.finish()
    bench.run()

    assert bench.ended() == ["job"]
    assert bench.all(PictureHeld) == []
    assert bench.pulse.forwards == 0


def test_a_picture_that_has_taken_no_step_keeps_the_state_that_it_came_with(
    toy: CheckpointRef,
) -> None:
    bench = Workbench(toy)
    bench.submit(steps=6)
    bench.run(4)
    bench.pause()
    (held,) = bench.all(PictureHeld)
    other = Workbench(toy)
    other.submit(steps=6, pictures=(PictureTask(0, 7, held.state),))
    other.run(1)  # the words

    other.pause()

    assert other.said[-1] == JobEnded("job")
    assert not other.all(PictureHeld)


def test_a_picture_whose_steps_are_all_taken_is_only_decoded_when_it_goes_on(
    toy: CheckpointRef,
) -> None:
    asked: dict[str, Any] = {"steps": 3, "exact": True}
    turns = turns_until(toy, 3, **asked)
    (held,) = paused(Workbench(toy), turns, **asked)
    assert held.step == 3

    other = Workbench(toy)
    other.submit(pictures=(PictureTask(0, 7, held.state),), **asked)
    other.run()

    assert torch.equal(other.pixels(), alone(toy, **asked))
    assert not other.all(Progress)


def test_drafts_can_be_paused_before_they_are_held(toy: CheckpointRef) -> None:
    asked: dict[str, Any] = {"steps": 8, "exact": True}
    bench = Workbench(toy)
    (early,) = paused(bench, 4, hold_after_steps=5, **asked)
    other = Workbench(toy)
    other.submit(hold_after_steps=5, pictures=(PictureTask(0, 7, early.state),), **asked)
    other.run()
    (held,) = other.all(PictureHeld)

    assert (early.is_paused, held.is_paused, held.step) == (True, False, 5)
    assert torch.equal(developed(toy, held, **asked), alone(toy, **asked))


@pytest.mark.parametrize("turns", range(2, 11))
def test_a_picture_with_a_refiner_is_paused_in_any_leg_and_between_two(
    toy: CheckpointRef, other_toy: CheckpointRef, turns: int
) -> None:
    asked: dict[str, Any] = {
        "steps": 6,
        "refiner": other_toy,
        "refiner_switch_at": 0.5,
        "exact": True,
    }
    whole = Workbench(toy)
    whole.submit(**asked)
    whole.run()

    held = paused(Workbench(toy), turns, **asked)

    assert len(held) == (turns > 2)  # after the words
    if held:
        assert torch.equal(developed(toy, *held, **asked), whole.pixels())


def test_a_picture_that_waits_for_its_refiner_is_sent_as_it_waits(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    size_bytes = Workbench(toy).model().home_bytes
    asked: dict[str, Any] = {
        "steps": 6,
        "refiner": other_toy,
        "refiner_switch_at": 0.5,
        "exact": True,
    }
    whole = Workbench(toy)
    whole.submit(**asked)
    whole.run()
    bench = Workbench(toy, Launch(ram_bytes=size_bytes, max_active_pictures=2))
    bench.submit(**asked)
    bench.submit("long", steps=60)  # keeps the first checkpoint in use
    bench.run(20)
    assert not bench.all(PictureDone)

    bench.pause()

    (held,) = bench.all(PictureHeld)
    assert held.step == 3
    assert torch.equal(developed(toy, held, **asked), whole.pixels())


def test_steps_and_seconds_of_both_parts_make_one_strip(toy: CheckpointRef) -> None:
    whole, first, second = (Workbench(toy) for _ in range(3))
    for bench in (whole, first):
        bench.submit(steps=8)
    whole.run()
    first.clock.seconds += 5.0
    first.run(5)
    first.pause()
    (held,) = first.all(PictureHeld)
    second.submit(steps=8, pictures=(PictureTask(0, 7, held.state),))
    second.run()

    strip = held.kept + second.all(PictureDone)[0].kept
    assert strip == whole.all(PictureDone)[0].kept
    assert [one.step for one in held.kept] == list(range(1, held.step + 1))


def test_pausing_twice_or_too_late_says_nothing_more(bench: Workbench) -> None:
    bench.submit()
    bench.run()
    bench.pause()
    bench.submit("second")
    bench.pause("second")
    bench.pause("second")
    bench.cancel("second")
    bench.pause("never heard of")

    assert bench.ended() == ["job", "second"]
    assert [m for m in bench.all(JobEnded) if m.cancelled] == []


def test_a_state_does_not_depend_on_who_shared_the_forwards(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    bench.submit("beside", steps=9, seed=100, exact=True)
    bench.submit(steps=9, exact=True)
    bench.run(12)
    bench.pause()
    (held,) = bench.all(PictureHeld)
    (same,) = paused(Workbench(toy), turns_until(toy, held.step, steps=9), steps=9, exact=True)

    assert replace(held, seconds=0.0) == replace(same, seconds=0.0)
