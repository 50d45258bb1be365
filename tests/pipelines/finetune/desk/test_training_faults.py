"""What goes wrong under a training: deaths of the worker, ends of the server, full disks, a checkpoint that is gone."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from pipelines import PipelineManager, StudioError, Training
from pipelines.errors import DiskFull, ModelKept
from pipelines.finetune.desk import hearing, making, runner
from pipelines.finetune.desk.store import RECORD
from tests.pipelines.finetune.desk.lessons import begin, folder, in_state
from tests.studio import FAKE_WORKER, OWNER, ready, settings, studio, until

FULL = "The disk of /somewhere is full: 1 MB are free, 9 MB are needed."


def kill(manager: PipelineManager) -> None:
    """Ends the worker, and waits until that is known."""
    restarts = manager.status().restarts
    os.kill(ready(manager), signal.SIGKILL)
    until(manager, OWNER, lambda: manager.status().restarts > restarts)


def goes_on(manager: PipelineManager, left: Training) -> Training:
    """Waits for a step that is new, and has it end there; the training as it is then."""
    in_state(manager, left, lambda now: now.step > left.step)
    manager.trainings.finish(left.id, OWNER)
    return in_state(manager, left, "done")


# ---- deaths of the worker ------------------------------------------------------------------------------


def test_a_training_goes_on_after_its_worker_was_killed(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:step=0.05", steps=30, sample_every=5)
        in_state(manager, training, lambda now: len(now.marks) >= 1)

        kill(manager)
        done = in_state(manager, training, "done")

        steps = [step for step, _ in done.losses]
        assert steps == list(range(1, 31))
        assert done.attempt == 0
        assert done.made is not None


def test_one_that_kills_its_worker_twice_without_a_step_fails_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    with studio(tmp_path) as manager:
        deadly = begin(manager, script="fake:die@1")
        other = begin(manager, "bob")

        failed = in_state(manager, deadly, "failed")
        in_state(manager, other, "done")

        assert failed.error is not None
        assert failed.error["code"] == "worker_died"
        assert failed.attempt == 2


def test_one_that_dies_at_the_same_step_again_and_again_fails(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        deadly = begin(manager, script="fake:die@3", steps=6)

        for _ in range(3):
            manager.try_again()
            before = manager.trainings.get(deadly.id, OWNER).attempt
            in_state(manager, deadly, lambda now, before=before: now.attempt > before)

        assert manager.trainings.get(deadly.id, OWNER).step >= 1


def test_a_failed_training_goes_on_when_somebody_says_so(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:oom@4")
        failed = in_state(manager, training, "failed")
        assert failed.error is not None
        assert failed.error["code"] == "out_of_memory"
        assert [mark.step for mark in failed.marks] == [3]

        again = manager.trainings.publish(training.id, OWNER, 3)

        assert again.made is not None
        assert again.made.step == 3


def test_one_that_made_room_for_pictures_comes_back(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script=f"fake:room@2 fake:once={tmp_path}")

        done = in_state(manager, training, "done")

        assert [step for step, _ in done.losses] == [1, 3, 4, 5, 6]


# ---- ends of the server --------------------------------------------------------------------------------


def test_a_training_goes_on_after_the_server_was_stopped(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:step=0.03", steps=40, sample_every=10)
        stopped = in_state(manager, training, lambda now: now.step >= 3)

    on_disk = json.loads((folder(manager, training) / RECORD).read_bytes())
    state = json.loads((folder(manager, training) / "state.training").read_bytes())
    assert (on_disk["state"], on_disk["attempt"]) == ("queued", 0)
    assert state["step"] >= stopped.step

    with studio(tmp_path) as manager:
        done = in_state(manager, training, "done")
        assert [step for step, _ in done.losses] == list(range(1, 41))


def test_what_ran_when_the_server_was_killed_goes_on(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:step=0.03", steps=40, sample_every=2)
        in_state(manager, training, lambda now: len(now.marks) >= 2)
        manager.trainings.pause(training.id, OWNER)
        left = in_state(manager, training, "paused")
    path = folder(manager, training) / RECORD
    written = json.loads(path.read_bytes()) | {"state": "running", "stage": "training"}
    path.write_text(json.dumps(written))  # as a kill leaves it

    with studio(tmp_path) as manager:
        assert goes_on(manager, left).made is not None


def test_one_under_which_the_server_ends_again_and_again_waits_for_somebody(
    tmp_path: Path,
) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:step=0.05", steps=40)
        in_state(manager, training, lambda now: now.step >= 2)
    path = folder(manager, training) / RECORD
    left = json.loads(path.read_bytes()) | {"state": "running", "attempt": 4}
    path.write_text(json.dumps(left))

    with studio(tmp_path) as manager:
        failed = in_state(manager, training, "failed")
        assert failed.error is not None
        assert failed.error["code"] == "worker_died"

        manager.trainings.resume(training.id, OWNER)
        goes_on(manager, failed)


def test_a_paused_one_is_still_paused_after_a_restart(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:step=0.05", steps=40, sample_every=40)
        in_state(manager, training, lambda now: now.step >= 2 and bool(now.sampled_steps))
        manager.trainings.pause(training.id, OWNER)
        before = in_state(manager, training, "paused")

    with studio(tmp_path) as manager:
        found = in_state(manager, training, "paused")
        assert found == before


def test_a_folder_without_its_file_goes_at_the_start_and_a_damaged_one_stays(
    tmp_path: Path,
) -> None:
    root = tmp_path / "data" / "trainings"
    half, damaged = root / ("a" * 32), root / ("b" * 32)
    for one in (half, damaged):
        (one / "crops").mkdir(parents=True)
    (damaged / RECORD).write_text("{")

    with studio(tmp_path) as manager:
        until(manager, OWNER, lambda: not half.exists())
        assert manager.trainings.of_owner(OWNER) == []
        assert damaged.exists()


# ---- disk and models -----------------------------------------------------------------------------------


def test_a_full_disk_pauses_a_training_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        with monkeypatch.context() as patch:
            patch.setattr(hearing, "lacking", lambda *_: FULL)
            slow = {"steps": 200, "sample_every": 50}  # it is asked before it ends
            training = begin(manager, script="fake:step=0.01", **slow)
            paused = in_state(manager, training, "paused")
        assert paused.error is not None
        assert (paused.error["code"], paused.error["message"]) == ("disk_full", FULL)
        assert paused.marks[0].step == 50

        assert manager.trainings.resume(training.id, OWNER).error is None
        goes_on(manager, paused)


def test_a_disk_that_is_full_before_it_begins_pauses_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager:
        monkeypatch.setattr(runner, "lacking", lambda *_: FULL)

        paused = in_state(manager, begin(manager), "paused")

        assert paused.error is not None
        assert paused.error["message"] == FULL


def test_a_disk_that_fills_up_at_the_worker_pauses_it(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:full@4")

        paused = in_state(manager, training, "paused")

        assert paused.error is not None
        assert paused.error["code"] == "disk_full"


def test_without_room_none_is_begun_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager:
        monkeypatch.setattr(making, "lacking", lambda *_: FULL)

        with pytest.raises(DiskFull, match="is full"):
            begin(manager)

        assert not list((tmp_path / "data" / "trainings").glob("*"))


def test_a_training_whose_checkpoint_is_gone_says_so_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    with studio(tmp_path) as manager:
        running = begin(manager, script="fake:step=0.1", steps=500)
        in_state(manager, running, "running")
        training = begin(manager)
        place = tmp_path / "models" / "paper"
        shutil.move(place, tmp_path / "away")

        manager.trainings.delete(running.id, OWNER)
        failed = in_state(manager, training, "failed")
        assert failed.error is not None
        assert failed.error["code"] == "checkpoint_gone"
        assert "paper" in failed.error["message"]
        assert "Put it back" in failed.error["remedy"]

        shutil.move(tmp_path / "away", place)
        manager.trainings.resume(training.id, OWNER)
        in_state(manager, training, "done")


def test_a_checkpoint_that_a_training_needs_is_not_thrown_away(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        training = begin(manager, script="fake:step=0.1", steps=500)
        card = manager.models.card(manager.models.listing("checkpoint").rows[0]["id"])

        with pytest.raises(ModelKept, match="a training on it"):
            manager.models.trash.trash(card)

        manager.trainings.delete(training.id, OWNER)


def test_pictures_that_cannot_be_put_into_the_folder_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise DiskFull("The disk is full.", "Make room there, then try again.")

    with studio(tmp_path) as manager:
        monkeypatch.setattr(manager.trainings.store, "save", broken)

        with pytest.raises(StudioError, match="The disk is full"):
            begin(manager)

        assert not list((tmp_path / "data" / "trainings").glob("*"))
        monkeypatch.undo()


def test_one_that_was_deleted_does_not_come_back_after_a_kill(tmp_path: Path) -> None:
    manager = PipelineManager(settings(tmp_path), worker_target=FAKE_WORKER)
    manager.start()
    training = begin(manager, script="fake:step=0.05", steps=500)
    in_state(manager, training, "running")
    manager.trainings.delete(training.id, OWNER)
    manager.stop()

    with studio(tmp_path) as again:
        until(again, OWNER, lambda: again.status().worker_pid)
        assert again.trainings.of_owner(OWNER) == []
