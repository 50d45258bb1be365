"""How a training says how far it is: all steps in the mean, not too often, and nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.worker.finetune.messages import TrainingProgress, TrainingStage
from pipelines.worker.finetune.telling import Telling
from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import shop_of
from tests.pipelines.worker.workbench import Workbench


@pytest.fixture
def told(toy: CheckpointRef) -> tuple[Telling, Workbench]:
    bench = Workbench(toy)
    return Telling(replace(shop_of(bench), clock=bench.clock), "one"), bench


def test_steps_between_two_messages_are_told_by_their_mean(told: tuple[Telling, Workbench]) -> None:
    telling, bench = told
    for step, loss in enumerate((1.0, 2.0, 4.0), 1):
        telling.stepped(step, loss, 0.1, seconds=step)
    bench.clock.seconds += 1
    telling.stepped(4, 6.0, 0.2, seconds=9.0)

    assert bench.said == [
        TrainingProgress("one", 1, 1.0, 0.1, 1.0),
        TrainingProgress("one", 4, 4.0, 0.2, 2.5),
    ]


def test_before_a_mark_all_is_told_and_nothing_twice(told: tuple[Telling, Workbench]) -> None:
    telling, bench = told
    telling.stepped(1, 1.0, 0.1, seconds=1.0)
    telling.stepped(2, 3.0, 0.1, seconds=1.0)
    telling.all_steps(2, 0.1)
    telling.all_steps(2, 0.1)

    assert [one.step for one in bench.said] == [1, 2]


def test_a_stage_is_said_once(told: tuple[Telling, Workbench]) -> None:
    telling, bench = told
    for stage in ("training", "training", "keeping step 4", "training"):
        telling.stage(stage)

    assert [one.text for one in bench.said if isinstance(one, TrainingStage)] == [
        "training",
        "keeping step 4",
        "training",
    ]
