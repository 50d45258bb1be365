"""Trainings with the fake worker: from pictures to weights among the models, as their owners see it."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from pipelines import NotFound, PipelineManager, RequestError
from tests.pipelines.finetune.lessons import SHORT, begin, folder, in_state, uploads
from tests.studio import asking, ended


def test_a_training_ends_with_its_weights_among_the_models(
    manager: PipelineManager, owner: str
) -> None:
    begun = begin(manager, owner)
    assert begun.state in ("queued", "running")

    done = in_state(manager, begun, "done")

    assert (done.step, done.error) == (6, None)
    assert [mark.step for mark in done.marks] == [3, 6]
    assert done.sampled_steps == (0, 3, 6)
    assert done.made is not None
    assert done.made.step == done.best_step == 6
    assert any(one.name == done.made.name for one in manager.catalog.others())
    with Image.open(manager.trainings.sample_path(done.id, 3, 0, owner)) as sample:
        assert sample.size == (64, 64)
    with Image.open(manager.trainings.example_path(done.id, 0, owner)) as example:
        assert example.size == done.examples[0].size
    assert [step for step, _ in done.losses] == [1, 2, 3, 4, 5, 6]


def test_what_is_open_in_a_plan_is_settled(manager: PipelineManager, owner: str) -> None:
    training = begin(manager, owner)

    plan = training.plan
    assert (plan.checkpoint, training.family) == ("paper", "sd15")
    assert plan.trigger not in ("", "rex")
    assert None not in (plan.learning_rate, plan.batch_size, plan.trains_text, plan.held_out)
    assert plan.trigger in training.examples[0].caption
    in_state(manager, training, "done")
