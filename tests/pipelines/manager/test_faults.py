"""Faults: the GPU process dies, hangs, loops or is poisoned, the disk is full; the page and the other jobs go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import Job, PipelineManager, Request
from pipelines.errors import DiskFull
from pipelines.worker.messages import PictureDone, PictureFailed, Pixels
from tests.kill_worker import kill, kill_again_and_again
from tests.studio import OWNER, asking, ended, in_state, ready, studio, until

KILLS = 20


def work(manager: PipelineManager) -> Job:
    """A job that is under way, and stays so until its worker is killed."""
    job = manager.submit(asking("fake:wait-once@2"), OWNER)
    return in_state(manager, job, lambda now: now.pictures[0].step == 2)


@pytest.fixture(autouse=True)
def _remember(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake worker remembers over restarts what it has done once."""
    monkeypatch.setenv("DARKROOM_FAKE", f"folder={tmp_path}")


# ---- deaths ------------------------------------------------------------------------------------------------


def test_killed_twenty_times_in_the_middle_of_a_job(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        for _ in range(KILLS):
            ready(manager)
            job = work(manager)
            assert kill(manager) < 1.0
            assert manager.job(job.id, OWNER).attempt == 1  # the page answers meanwhile

            done = ended(manager, job)

            assert (done.state, done.attempt) == ("done", 1)
        assert manager.status().restarts == KILLS
        assert manager.library.search(OWNER).total == KILLS


@pytest.mark.real
def test_the_real_worker_killed_twice_in_the_middle_of_a_job(tmp_path: Path) -> None:
    assert len(kill_again_and_again(tmp_path, 2)) == 2


def test_a_job_that_kills_the_worker_twice_fails_with_the_reason(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        bad = manager.submit(asking("fake:die@2"), OWNER)
        good = manager.submit(asking(), OWNER)

        failed = ended(manager, bad)

        assert failed.state == "failed"
        assert failed.error is not None
        assert failed.error["code"] == "worker_died"
        assert "signal 9" in failed.error["message"]
        assert "most likely because memory ran out" in failed.error["message"]
        assert ended(manager, good).state == "done"
        assert manager.status().restarts == 2


def test_one_poisonous_job_in_a_group_of_four_fails_alone(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        prompts = ["a", "b", "c fake:poison@3", "d"]
        jobs = [manager.submit(asking(f"{one} fake:step=0.05"), OWNER) for one in prompts]

        states = [ended(manager, job).state for job in jobs]

        assert states == ["done", "done", "failed", "done"]
        error = manager.job(jobs[2].id, OWNER).error
        assert error is not None
        assert "device-side assert" in error["message"]
        assert manager.status().restarts <= 3


def test_pictures_that_were_saved_before_a_death_are_not_made_again(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = manager.submit(asking("fake:step=0.05", steps=8, batch_count=4), OWNER)
        before = in_state(manager, job, lambda now: now.pictures[0].picture_id is not None)

        kill(manager)
        done = ended(manager, job)

        assert [one.state for one in done.pictures] == ["done"] * 4
        assert done.pictures[0].picture_id == before.pictures[0].picture_id
        assert manager.library.search(OWNER).total == 4


def test_a_job_that_only_waited_at_the_worker_is_no_suspect(tmp_path: Path) -> None:
    with studio(tmp_path, max_active_pictures=1) as manager:
        ready(manager)
        job = work(manager)
        waiting = manager.submit(asking(), OWNER)

        kill(manager)

        assert ended(manager, job).attempt == 1
        assert ended(manager, waiting).attempt == 0


def test_a_death_while_idle_is_mended(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        first = ready(manager)

        kill(manager)

        assert ready(manager) != first
        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"


def test_a_cancelled_job_whose_worker_dies_is_cancelled(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = manager.submit(asking("fake:hang@2"), OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step >= 1)

        manager.cancel(job.id, OWNER)

        assert ended(manager, job).state == "cancelled"


def test_a_hang_is_ended_and_the_job_fails_the_second_time(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = manager.submit(asking("fake:hang@2"), OWNER)

        failed = ended(manager, job)

        assert failed.state == "failed"
        assert failed.error is not None
        assert "one step had been running" in failed.error["message"]
        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"


def test_a_job_that_dies_once_is_done_by_the_next_process(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        done = ended(manager, manager.submit(asking("fake:die-once@2"), OWNER))

        assert (done.state, done.attempt) == ("done", 1)


# ---- crash loops -------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off without the waiting."""
    monkeypatch.setattr("pipelines.worker.restarts.LONGEST_WAIT_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
def test_a_crash_loop_ends_as_broken_with_the_cause_while_jobs_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", "die-at-start")
    with studio(tmp_path) as manager:
        job = manager.submit(asking(), OWNER)
        until(manager, OWNER, lambda: manager.status().worker == "broken")

        status = manager.status()
        assert "exit code 3" in status.why
        assert "5th time" in status.why
        assert status.restarts == 4
        assert manager.job(job.id, OWNER).state == "queued"

        monkeypatch.setenv("DARKROOM_FAKE", "")
        manager.try_again()

        assert ended(manager, job).state == "done"
        assert manager.status().worker == "ready"


@pytest.mark.usefixtures("impatient")
def test_a_process_that_dies_right_after_ready_is_no_endless_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", "quit-when-ready=0.05")
    with studio(tmp_path) as manager:
        until(manager, OWNER, lambda: manager.status().worker == "broken")

        assert manager.status().restarts == 4


@pytest.mark.usefixtures("impatient")
def test_a_checkpoint_that_kills_at_warm_up_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", "die-at-warm-up")
    with studio(tmp_path) as manager:
        ready(manager)

        assert manager.status().restarts == 2


def test_the_page_answers_while_the_process_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", "start=0.5")
    began = time.monotonic()
    with studio(tmp_path) as manager:
        job = manager.submit(asking(), OWNER)
        assert manager.status().worker == "starting"
        assert time.monotonic() - began < 0.5

        assert ended(manager, job).state == "done"


# ---- results -----------------------------------------------------------------------------------------------


def test_a_result_is_taken_once_and_only_for_the_attempt_under_way(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        job = manager.submit(asking("fake:step=0.1", batch_count=2), OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step >= 1)
        part = manager._desk.ask(lambda: next(iter(manager._bench)).id)

        for part_id in (part, part, f"{job.id}.0", "nonsense", ""):
            pixels = Pixels(64, 64, bytes(64 * 64 * 3))
            say(manager, PictureDone(part_id, 0, pixels))
        done = ended(manager, job)

        assert [one.state for one in done.pictures] == ["done", "done"]
        assert manager.library.search(OWNER).total == 2


def test_a_job_whose_last_word_was_lost_ends_all_the_same(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        job = manager.submit(asking("fake:wait-once@2"), OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step == 2)
        part = manager._desk.ask(lambda: next(iter(manager._bench)).id)

        say(manager, PictureFailed(part, 0, {"code": "not_finite"}))
        kill(manager)
        over = ended(manager, job)

        assert (over.state, over.attempt) == ("failed", 0)
        assert over.error == {"code": "not_finite"}


def say(manager: PipelineManager, message: Any) -> None:
    manager._desk.ask(lambda: manager._rounds.heard(message))


# ---- disk --------------------------------------------------------------------------------------------------


def failing(count: int, save: Callable[..., Any]) -> Callable[..., Any]:
    """The library's save, whose first calls find the disk full."""
    left = [count]

    def maybe(picture: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise DiskFull("The disk is full: 0 bytes are free in /pictures.", "Make room.")
        return save(picture)

    return maybe


def test_a_picture_that_found_no_room_is_saved_later_without_being_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager:
        monkeypatch.setattr(manager.library, "save", failing(1, manager.library.save))
        job = manager.submit(asking("fake:step=0.05", batch_size=2), OWNER)

        failed = ended(manager, job)
        assert sorted(one.state for one in failed.pictures) == ["done", "failed"]
        assert failed.error is not None
        assert failed.error["code"] == "disk_full"
        assert "/pictures" in failed.error["message"]

        stages = manager.requeue(job.id, OWNER)
        done = ended(manager, job)

        assert stages.state in ("running", "done")  # it did not go back into the queue
        assert [one.state for one in done.pictures] == ["done", "done"]
        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"


def test_nothing_is_begun_without_room_and_goes_on_when_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full, studio(tmp_path) as manager:
        ready(manager)
        full.setattr("pipelines.manager.space.RESERVE_BYTES", 2**62)
        job = manager.submit(asking(), OWNER)

        why = until(manager, OWNER, lambda: manager.status().why)
        assert str(tmp_path / "outputs") in why
        assert "MB are free" in why
        assert manager.job(job.id, OWNER).state == "queued"

        full.undo()

        assert ended(manager, job).state == "done"
        assert manager.status().why == ""


def test_a_job_that_cannot_be_written_is_refused_and_the_next_one_is_taken(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        database = manager._queue._database
        pages = manager._desk.ask(lambda: database.execute("PRAGMA page_count").fetchone()[0])

        manager._desk.ask(lambda: database.execute(f"PRAGMA max_page_count = {pages}"))
        long = Request(prompt="x" * 9_000, negative_prompt="y" * 9_000)
        with pytest.raises(DiskFull, match="cannot be written to the queue"):
            manager.submit(long, OWNER)
        manager._desk.ask(lambda: database.execute("PRAGMA max_page_count = 1000000"))

        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"
