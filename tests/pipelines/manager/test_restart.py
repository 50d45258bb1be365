"""Restarts of the server: nothing that was accepted or made is lost, whether it was stopped or killed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipelines import Job, PipelineManager, Refused
from pipelines.errors import AlreadyRunning
from pipelines.manager import manager as manager_module
from tests.forked import forking
from tests.kill_server.killer import kill_again_and_again
from tests.studio import (
    FAKE_WORKER,
    OWNER,
    asking,
    ended,
    in_state,
    ready,
    settings,
    studio,
)

KILLS = 100


def test_killed_a_hundred_times_while_saving_loses_nothing(tmp_path: Path) -> None:
    report = kill_again_and_again(tmp_path, KILLS, "thread")

    assert report.kills == KILLS
    assert len(report.looked_at) >= KILLS / 2


def test_killed_with_the_worker_as_a_process_loses_nothing(tmp_path: Path) -> None:
    report = kill_again_and_again(tmp_path, 4, "process")

    assert len(report.looked_at) >= 4


@pytest.mark.real
def test_killed_with_the_real_worker_loses_nothing(tmp_path: Path) -> None:
    assert kill_again_and_again(tmp_path, 2, "real").kills == 2


def put_back_in_time(folder: Path, statement: str) -> None:
    """Changes the queue while no server runs."""
    with sqlite3.connect(folder / "data" / "jobs.sqlite") as database:
        database.execute(statement)
    database.close()


def order_of(jobs: list[Job]) -> list[str]:
    return [job.id for job in sorted(jobs, key=lambda job: job.finished or 0.0)]


def test_queued_jobs_stay_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOLD_SECONDS", "STOP_SECONDS"):  # its first step would take a minute
        monkeypatch.setattr(manager_module, name, 0.2)
    with studio(tmp_path, max_active_pictures=1) as manager:
        ready(manager)
        first = manager.submit(asking("fake:load=0 fake:step=60"), OWNER)
        in_state(manager, first, "running")
        ids = [first.id, *(manager.submit(asking(), OWNER).id for _ in range(8))]

    put_back_in_time(tmp_path, "UPDATE jobs SET request = replace(request, 'fake:', 'short')")
    with studio(tmp_path, max_active_pictures=1) as manager:
        jobs = [ended(manager, manager.job(job_id, OWNER)) for job_id in ids]

        assert {job.state for job in jobs} == {"done"}
        assert order_of(jobs) == ids
        assert {job.attempt for job in jobs} == {0}  # a stop is nobody's fault


def test_running_jobs_may_end_before_the_server_does(tmp_path: Path) -> None:
    manager = PipelineManager(
        settings(tmp_path), worker_target=FAKE_WORKER, worker_context=forking()
    )
    manager.start()
    job = manager.submit(asking("fake:step=0.05", steps=10), OWNER)
    in_state(manager, job, "running")

    manager.stop(drain_seconds=20)

    with studio(tmp_path) as again:
        assert again.job(job.id, OWNER).state == "done"
        assert again.library.search(OWNER).total == 1


def test_a_server_that_closes_takes_no_more_jobs(tmp_path: Path) -> None:
    manager = PipelineManager(
        settings(tmp_path), worker_target=FAKE_WORKER, worker_context=forking()
    )
    manager.start()
    manager._desk.ask(manager._rounds.close_down)

    with pytest.raises(Refused, match="shutting down") as caught:
        manager.submit(asking(), OWNER)

    assert caught.value.http_status == 503
    manager.stop()
    with pytest.raises(Refused, match="shutting down"):
        manager.submit(asking(), OWNER)


def test_held_drafts_survive_with_their_previews(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        request = asking(steps=10, batch_size=3, draft_fraction=0.4, seed=3)
        job = manager.submit(request, OWNER)
        in_state(manager, job, "held")
        preview = manager.preview(job.id, 1, OWNER)

    with studio(tmp_path) as manager:
        assert manager.job(job.id, OWNER).state == "held"
        assert manager.preview(job.id, 1, OWNER) == preview
        before = manager.status().calls

        manager.develop(job.id, OWNER, (1,))
        done = ended(manager, job)

        assert [one.state for one in done.pictures] == ["dropped", "done", "dropped"]
        in_state(manager, job, lambda _: manager.status().calls - before >= 6)
        assert manager.status().calls - before == 6  # from step 4 on, not from the beginning
        assert list((tmp_path / "data" / "kept" / "states").glob("*")) == []


def test_ended_jobs_are_remembered_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.manager.docket.ENDED_KEPT", 3)
    with studio(tmp_path) as manager:
        jobs = [manager.submit(asking(steps=1), OWNER) for _ in range(5)]
        for job in jobs[2:]:
            ended(manager, job)

    with studio(tmp_path) as manager:
        assert [job.id for job in manager.jobs(OWNER)] == [job.id for job in reversed(jobs[2:])]
        assert manager.library.search(OWNER).total == 5


def test_a_click_repeated_after_a_restart_is_still_one_job(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = manager.submit(asking(), OWNER, "click")

    with studio(tmp_path) as manager:
        assert manager.submit(asking(), OWNER, "click").id == job.id


def test_what_an_owner_has_used_is_remembered(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ended(manager, manager.submit(asking("fake:step=0.05", steps=10), OWNER))
        used = manager._desk.ask(lambda: manager._docket.used_seconds[OWNER])

    with studio(tmp_path) as manager:
        again = manager._desk.ask(lambda: manager._docket.used_seconds[OWNER])

    assert used > 0.2
    assert again == pytest.approx(used, abs=0.2)


def test_a_second_server_is_refused_before_it_touches_anything(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        with pytest.raises(AlreadyRunning, match="is using the data folder"):
            PipelineManager(settings(tmp_path), worker_target=FAKE_WORKER, worker_context=forking())

        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"


def test_a_job_that_ran_when_the_server_was_killed_is_tried_once_more(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        jobs = [manager.submit(asking("fake:load=0 fake:step=60"), OWNER) for _ in range(2)]
    put_back_in_time(tmp_path, "UPDATE jobs SET state = 'running', attempt = ordinal - 1")
    put_back_in_time(tmp_path, "UPDATE jobs SET request = replace(request, 'fake:', 'short')")

    with studio(tmp_path) as manager:
        again, failed = (ended(manager, manager.job(job.id, OWNER)) for job in jobs)

        assert (again.state, again.attempt) == ("done", 1)
        assert failed.state == "failed"
        assert failed.error is not None
        assert "ended twice" in failed.error["message"]


def test_jobs_of_long_ago_are_forgotten(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        jobs = [manager.submit(asking(), OWNER) for _ in range(2)]
        for job in jobs:
            ended(manager, job)
    put_back_in_time(tmp_path, "UPDATE jobs SET finished = finished - 31 * 86400 WHERE ordinal = 1")

    with studio(tmp_path) as manager:
        in_state(manager, jobs[1], lambda _: len(manager.jobs(OWNER)) == 1)

        assert [job.id for job in manager.jobs(OWNER)] == [jobs[1].id]
        assert manager.library.search(OWNER).total == 2
