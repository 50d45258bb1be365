"""Chances: the same for the same step, whatever was before; every picture is shown equally often."""

from __future__ import annotations

import torch

from pipelines.worker.finetune.chances import ORDER, PRIOR_ORDER, chances, generator, places
from tests.pipelines.worker.finetune.classroom import plan

SHAPE = (1, 4, 8, 8)


def test_a_step_is_the_same_whatever_was_drawn_before() -> None:
    own = plan(seed=4)
    torch.manual_seed(1)
    (first,) = chances(own, 17, [SHAPE], 1000)
    torch.rand(99)
    (again,) = chances(own, 17, [SHAPE], 1000)

    assert torch.equal(first.noise, again.noise)
    assert first.timestep == again.timestep


def test_steps_pictures_and_seeds_have_noise_of_their_own() -> None:
    drawn = [
        *chances(plan(seed=4), 17, [SHAPE, SHAPE], 1000),
        *chances(plan(seed=4), 18, [SHAPE], 1000),
        *chances(plan(seed=5), 17, [SHAPE], 1000),
    ]
    noises = [one.noise for one in drawn]

    assert not any(
        torch.equal(one, other) for place, one in enumerate(noises) for other in noises[:place]
    )


def test_every_picture_is_shown_once_in_an_epoch_also_where_batches_cross_its_end() -> None:
    own = plan(batch_size=4)
    shown = [place for step in range(5) for place in places(own, 5, step)]

    assert [sorted(shown[at : at + 5]) for at in (0, 5, 10, 15)] == [[0, 1, 2, 3, 4]] * 4
    assert shown[:5] != shown[5:10] or shown[5:10] != shown[10:15]


def test_class_pictures_have_an_order_of_their_own_and_may_be_none() -> None:
    own = plan(batch_size=16)

    assert places(own, 16, 0, ORDER) != places(own, 16, 0, PRIOR_ORDER)
    assert places(own, 0, 0, PRIOR_ORDER) == []


def test_timesteps_reach_from_the_first_to_the_last() -> None:
    steps = [chances(plan(), step, [(1, 1, 1, 1)] * 8, 10) for step in range(40)]

    assert {one.timestep for step in steps for one in step} == set(range(10))


def test_pictures_are_mirrored_and_shown_without_caption_as_often_as_the_plan_says() -> None:
    own = plan(mirrors=True, caption_dropout=0.25)
    drawn = [one for step in range(100) for one in chances(own, step, [(1, 1, 1, 1)] * 8, 10)]

    assert 0.4 < sum(one.is_mirrored for one in drawn) / len(drawn) < 0.6
    assert 0.2 < sum(one.is_nameless for one in drawn) / len(drawn) < 0.3
    never = [one for step in range(9) for one in chances(plan(), step, [(1, 1, 1, 1)], 10)]
    assert not any(one.is_mirrored or one.is_nameless for one in never)


def test_generators_of_other_purposes_do_not_run_alike() -> None:
    drawn = {float(torch.rand((), generator=generator(0, purpose, 0))) for purpose in range(5)}

    assert len(drawn) == 5
