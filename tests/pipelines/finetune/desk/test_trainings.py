"""Trainings with the fake worker: from pictures to weights among the models, as their owners see it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PIL import Image

from pipelines import NotFound, PipelineManager, Refused, RequestError
from tests.pipelines.finetune.desk.lessons import (
    SHORT,
    begin,
    folder,
    in_state,
    picture,
    uploads,
)
from tests.studio import asking, ended


def test_a_training_ends_with_its_weights_among_the_models(
    manager: PipelineManager, owner: str
) -> None:
    begun = begin(manager, owner)
    assert begun.state in ("queued", "running")

    done = in_state(manager, begun, "done")

    assert (done.step, done.error, done.stage, done.eta_seconds) == (6, None, "", None)
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


def test_the_same_click_is_one_training(manager: PipelineManager, owner: str) -> None:
    plan = SHORT | {"name": "clicked"}
    images = [{"image": one} for one in uploads(manager, owner)]

    def click(found: list[str]) -> None:
        found.append(manager.trainings.create(plan, images, owner, "click").id)

    ids: list[str] = []
    clicks = [threading.Thread(target=click, args=(ids,)) for _ in range(3)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()

    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert len(manager.trainings.of_owner(owner)) == 1
    manager.trainings.delete(ids[0], owner)


def test_nobody_sees_or_touches_anothers_training(manager: PipelineManager, owner: str) -> None:
    training = begin(manager, owner)
    one, other = manager.trainings, f"{owner}-other"

    assert one.of_owner(other) == []
    for touch in (one.get, one.pause, one.resume, one.finish, one.delete):
        with pytest.raises(NotFound, match="no such training"):
            touch(training.id, other)
    with pytest.raises(NotFound):
        one.example_path(training.id, 0, other)
    with pytest.raises(NotFound):
        one.publish(training.id, other, 3)
    in_state(manager, training, "done")


def test_a_paused_training_goes_on_where_it_was(manager: PipelineManager, owner: str) -> None:
    training = begin(manager, owner, script="fake:step=0.05", steps=12, sample_every=6)
    in_state(manager, training, lambda now: now.step >= 2)

    manager.trainings.pause(training.id, owner)
    rested = in_state(manager, training, "paused")
    assert 2 <= rested.step < 12
    assert manager.trainings.resume(training.id, owner).state in ("queued", "running")
    done = in_state(manager, training, "done")

    assert [step for step, _ in done.losses] == list(
        range(1, 13)
    )  # no step was lost or taken twice


def test_one_that_waits_is_paused_at_once_and_has_its_place_again(
    manager: PipelineManager, owner: str
) -> None:
    first = begin(manager, owner, script="fake:step=0.2", steps=100)
    in_state(manager, first, "running")
    second, third = (begin(manager, owner, pictures=1) for _ in range(2))
    in_state(manager, third, lambda now: now.position == 2)

    assert manager.trainings.pause(second.id, owner).state == "paused"
    in_state(manager, third, lambda now: now.position == 1)
    manager.trainings.resume(second.id, owner)

    in_state(manager, second, lambda now: now.position == 1)
    in_state(manager, third, lambda now: now.position == 2)
    for one in (first, second, third):
        manager.trainings.delete(one.id, owner)


def test_nobodys_second_training_goes_before_somebodys_first(
    manager: PipelineManager, owner: str
) -> None:
    other = f"{owner}-other"
    running = begin(manager, owner, script="fake:step=0.2", steps=100)
    in_state(manager, running, "running")
    second = begin(manager, owner)
    of_other = begin(manager, other)

    in_state(manager, of_other, lambda now: now.position == 1)
    in_state(manager, second, lambda now: now.position == 2)
    for one in (running, second, of_other):
        manager.trainings.delete(one.id, one.owner)


def test_a_training_that_is_finished_keeps_what_there_is(
    manager: PipelineManager, owner: str
) -> None:
    training = begin(manager, owner, script="fake:step=0.05", steps=500, sample_every=400)
    in_state(manager, training, lambda now: now.step >= 2)

    manager.trainings.finish(training.id, owner)
    done = in_state(manager, training, "done")

    assert done.made is not None
    assert done.made.step == done.step < 400


def test_one_that_rests_is_finished_with_its_best_step(
    manager: PipelineManager, owner: str
) -> None:
    training = begin(manager, owner, script="fake:step=0.03", steps=500, sample_every=3)
    in_state(manager, training, lambda now: len(now.marks) >= 2)
    manager.trainings.pause(training.id, owner)
    rested = in_state(manager, training, "paused")

    manager.trainings.finish(training.id, owner)
    done = in_state(manager, training, "done")

    assert done.made is not None
    assert done.made.step == rested.marks[-1].step  # its loss was the lowest


def test_nothing_kept_is_nothing_to_finish_with(manager: PipelineManager, owner: str) -> None:
    blocking = begin(manager, owner, script="fake:step=0.2", steps=100)
    in_state(manager, blocking, "running")
    training = begin(manager, owner)

    with pytest.raises(RequestError, match="nothing of it is kept yet"):
        manager.trainings.finish(training.id, owner)
    for one in (blocking, training):
        manager.trainings.delete(one.id, owner)


def test_a_deleted_training_leaves_only_its_published_weights(
    manager: PipelineManager, owner: str
) -> None:
    training = in_state(manager, begin(manager, owner), "done")
    assert training.made is not None

    manager.trainings.delete(training.id, owner)

    assert not folder(manager, training).exists()
    assert any(one.name == training.made.name for one in manager.catalog.others())
    with pytest.raises(NotFound):
        manager.trainings.get(training.id, owner)


def test_one_that_runs_is_deleted_after_its_last_write(
    manager: PipelineManager, owner: str
) -> None:
    training = begin(manager, owner, script="fake:step=0.01", steps=5000, sample_every=2)
    in_state(manager, training, lambda now: len(now.marks) >= 2)

    manager.trainings.delete(training.id, owner)

    assert not folder(manager, training).exists()
    after = begin(manager, owner)
    in_state(manager, after, "done")  # the worker is free again
    assert not folder(manager, training).exists()


def test_another_step_takes_the_place_of_the_published_one(
    manager: PipelineManager, owner: str
) -> None:
    training = in_state(manager, begin(manager, owner), "done")
    assert training.made is not None

    again = manager.trainings.publish(training.id, owner, 3)

    assert again.made == replace(training.made, step=3)
    assert again.state == "done"
    with pytest.raises(RequestError, match="is not kept") as caught:
        manager.trainings.publish(training.id, owner, 4)
    assert "3, 6" in caught.value.remedy


def test_pictures_are_made_while_a_training_runs(manager: PipelineManager, owner: str) -> None:
    training = begin(manager, owner, script="fake:step=0.05", steps=2000)
    in_state(manager, training, lambda now: now.step >= 1)

    job = ended(manager, manager.submit(asking(), owner))

    assert job.state == "done"
    assert manager.trainings.get(training.id, owner).state == "running"
    manager.trainings.delete(training.id, owner)


def test_somebody_with_many_trainings_has_to_wait(manager: PipelineManager, owner: str) -> None:
    begun = [begin(manager, owner, script="fake:step=0.2", steps=100, pictures=1) for _ in range(5)]

    with pytest.raises(Refused, match="which is the limit"):
        begin(manager, owner)
    begun.append(begin(manager, f"{owner}-other"))

    for one in begun:
        manager.trainings.delete(one.id, one.owner)


def test_the_version_rises_with_every_change(manager: PipelineManager, owner: str) -> None:
    before = manager.trainings.version(owner)
    training = begin(manager, owner)

    assert manager.trainings.version(owner) > before
    in_state(manager, training, "done")


def test_an_embedding_answers_to_its_name(manager: PipelineManager, owner: str) -> None:
    begun = begin(manager, owner, method="embedding", name=f"mug{owner[-1]}", class_word="mug")

    done = in_state(manager, begun, "done")

    assert done.plan.trigger == done.plan.name
    assert done.made is not None
    assert done.made.trigger == done.plan.name


def test_kept_steps_are_compared_over_strengths(manager: PipelineManager, owner: str) -> None:
    training = in_state(manager, begin(manager, owner), "done")

    job = manager.trainings.compare(training.id, owner, strengths=(0.0, 1.0))
    done = ended(manager, job)

    assert (done.state, len(done.pictures)) == ("done", 4)  # two steps × two strengths
    with pytest.raises(RequestError) as caught:
        manager.trainings.compare(training.id, owner, steps=(5,))
    assert caught.value.field == "steps"


def test_the_time_left_counts_what_is_drawn_on_the_way(
    manager: PipelineManager, owner: str
) -> None:
    slow = {"steps": 4000, "sample_every": 10, "sample_prompts": ["red fake:mark=0.5"]}
    training = begin(manager, owner, **slow)

    now = in_state(manager, training, lambda now: now.step > 11)

    assert now.step_seconds is not None
    assert now.eta_seconds is not None
    assert now.eta_seconds > 390 * 0.4 + 3900 * now.step_seconds * 0.5
    manager.trainings.delete(training.id, owner)


def test_its_uploads_go_with_a_training_unless_something_else_is_made_of_them(
    manager: PipelineManager, owner: str
) -> None:
    images = uploads(manager, owner, 3)
    trainings = [
        manager.trainings.create(
            SHORT | {"name": f"{owner} {n}"}, [{"image": one} for one in chosen], owner
        )
        for n, chosen in enumerate((images[:2], images[1:]))
    ]
    project = manager.projects.create(images[0], owner)
    other = manager.assets.add(picture(2), f"{owner}-other").id
    assert other == images[2]
    for one in trainings:
        in_state(manager, one, "done")

    manager.trainings.delete(trainings[0].id, owner)
    for image in images:
        assert manager.assets.get(image, owner)
    manager.trainings.delete(trainings[1].id, owner)

    for image in images[1:]:
        with pytest.raises(NotFound):
            manager.assets.get(image, owner)
    assert manager.assets.get(project.base, owner)
    assert manager.assets.get(other, f"{owner}-other")
