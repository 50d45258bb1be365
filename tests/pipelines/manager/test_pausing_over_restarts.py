"""Paused jobs and restarts of the server: what is half-done stays so, whether it was stopped or killed, and when."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import Job, PipelineManager, RequestError
from pipelines.manager import manager as manager_module
from pipelines.manager.drafts import Drafts
from tests.forked import forking
from tests.kill_worker import kill
from tests.pipelines.manager.test_pausing import SLOW, begun, calls, files, paused, states
from tests.studio import FAKE_WORKER, OWNER, asking, ended, in_state, ready, settings, studio


def stopped_at_once(folder: Path, image: Path) -> None:
    """What the disk would hold if the machine lost its power now."""
    for name in ("data", "outputs", "models"):
        if (folder / name).exists():
            lock = shutil.ignore_patterns("*.lock", "lock*")
            shutil.copytree(folder / name, image / name, ignore=lock, dirs_exist_ok=True)


class Gate:
    """Stands in a function's way: tells that somebody came, and lets nobody pass until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._guarding(function, is_before=True)

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._guarding(function, is_before=False)

    def _guarding(self, function: Callable[..., Any], *, is_before: bool) -> Callable[..., Any]:
        def guarded(*arguments: Any) -> Any:
            if not is_before:
                function(*arguments)
            self.reached.set()
            assert self.opened.wait(30)
            return function(*arguments) if is_before else None

        return guarded


def image_of(folder: Path, gate: Gate, patch: pytest.MonkeyPatch, *, is_before: bool) -> Job:
    """A job, killed while its half-done picture was being written; the disk of that moment lies in `folder/image`."""
    guard = gate.before if is_before else gate.after
    with studio(folder) as manager:
        job = begun(manager)
        with patch.context() as patched:
            patched.setattr(Drafts, "write", guard(Drafts.write))
            manager.pause(job.id, OWNER)
            assert gate.reached.wait(30)
            assert manager.job(job.id, OWNER).state == "running"
            manager._desk.ask(lambda: None)
            stopped_at_once(folder, folder / "image")
            gate.opened.set()
            in_state(manager, job, "paused")
    return job


def test_a_paused_job_stays_paused_over_a_restart_with_its_step_and_preview(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager, batch_size=2))
        preview = manager.preview(job.id, 1, OWNER)

    with studio(tmp_path) as manager:
        ready(manager)
        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"
        assert manager.job(job.id, OWNER).pictures == job.pictures
        assert manager.job(job.id, OWNER).state == "paused"
        assert manager.preview(job.id, 1, OWNER) == preview
        before = calls(manager)

        manager.resume(job.id, OWNER)
        done = ended(manager, job)

        assert (done.state, done.attempt) == ("done", 0)
        assert calls(manager) - before == sum(40 - one.step for one in job.pictures)
        assert files(tmp_path) == []


def test_a_job_that_was_resumed_and_waits_goes_on_after_a_restart(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager))
    manager = PipelineManager(
        settings(tmp_path), worker_target=FAKE_WORKER, worker_context=forking()
    )
    manager._gpu.start = lambda: None  # type: ignore[method-assign]
    manager.start()
    manager.resume(job.id, OWNER)
    manager.stop()

    with studio(tmp_path) as manager:
        assert ended(manager, job).state == "done"
        assert calls(manager) == 40 - job.pictures[0].step


def test_killed_before_the_state_is_on_the_disk_the_picture_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = image_of(tmp_path, Gate(), monkeypatch, is_before=True)

    assert files(tmp_path / "image") == []
    with studio(tmp_path / "image") as manager:
        done = ended(manager, job)
        assert (done.state, done.attempt) == ("done", 1)
        assert calls(manager) == 40


def test_killed_before_the_queue_knows_of_it_the_picture_goes_on_from_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = image_of(tmp_path, Gate(), monkeypatch, is_before=False)

    assert "0" in files(tmp_path / "image")
    with studio(tmp_path / "image") as manager:
        done = ended(manager, job)
        assert (done.state, done.attempt) == ("done", 1)
        assert calls(manager) < 38


def test_killed_when_some_pictures_had_come_to_rest_the_job_is_paused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()

    def second_waits(drafts: Drafts, job_id: str, index: int, draft: Any) -> None:
        (gate.before(write) if index else write)(drafts, job_id, index, draft)

    write = Drafts.write
    with studio(tmp_path) as manager:
        job = begun(manager, batch_size=2)
        with monkeypatch.context() as patched:
            patched.setattr(Drafts, "write", second_waits)
            manager.pause(job.id, OWNER)
            assert gate.reached.wait(30)
            in_state(manager, job, lambda now: now.pictures[0].state == "paused")
            stopped_at_once(tmp_path, tmp_path / "image")
            gate.opened.set()
            in_state(manager, job, "paused")

    with studio(tmp_path / "image") as manager:
        ready(manager)
        assert states(in_state(manager, job, "paused")) == ["paused", "queued"]
        manager.resume(job.id, OWNER)
        assert ended(manager, job).state == "done"


def test_half_done_pictures_of_jobs_that_are_gone_are_deleted_at_the_start(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        paused(manager, begun(manager))
    kept = tmp_path / "data" / "kept" / "states"
    shutil.copytree(next(kept.iterdir()), kept / "gone")
    (next(kept.iterdir()) / "0.part").write_bytes(b"half")

    with studio(tmp_path) as manager:
        manager._desk.ask(lambda: None)
        assert files(tmp_path) == ["0", "0.jpg", "0.npz"]


# ---- the end of the server ---------------------------------------------------------------------------------


def test_what_develops_when_the_server_stops_goes_on_from_its_step_at_the_next_start(
    tmp_path: Path,
) -> None:
    with studio(tmp_path) as manager:
        job = begun(manager, batch_size=2, batch_count=2)

    with studio(tmp_path) as manager:
        waiting = manager.job(job.id, OWNER)
        assert waiting.state in ("queued", "running")
        taken = [picture.step for picture in waiting.pictures]
        assert min(taken[:2]) >= 3
        assert taken[2:] == [0, 0]
        done = ended(manager, job)
        assert (done.state, done.attempt) == ("done", 0)
        assert calls(manager) == 4 * 40 - sum(taken)


def test_a_step_that_takes_too_long_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", f"folder={tmp_path}")
    for name in ("HOLD_SECONDS", "STOP_SECONDS"):
        monkeypatch.setattr(manager_module, name, 0.2)
    with studio(tmp_path) as manager:
        job = manager.submit(asking("fake:wait-once@2", steps=9), OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step == 2)

    with studio(tmp_path) as manager:
        now = manager.job(job.id, OWNER)
        assert (now.attempt, files(tmp_path)) == (0, [])
        assert now.state in ("queued", "running")
        assert ended(manager, job).state == "done"


def test_a_job_that_is_being_paused_when_the_server_stops_is_paused(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = begun(manager, batch_size=2)
        manager.pause(job.id, OWNER)

    with studio(tmp_path) as manager:
        ready(manager)
        assert states(manager.job(job.id, OWNER)) == ["paused", "paused"]
        manager.resume(job.id, OWNER)
        assert ended(manager, job).state == "done"


def test_slow_work_of_one_person_does_not_lose_that_of_another(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        jobs = [begun(manager, owner) for owner in ("ada", "bob")]

    with studio(tmp_path) as manager:
        steps = [manager.job(job.id, job.owner).pictures[0].step for job in jobs]
        assert min(steps) >= 3
        assert [ended(manager, job).state for job in jobs] == ["done", "done"]
        assert SLOW in jobs[0].request.prompt


@pytest.mark.parametrize("seed", [1, 2])
def test_however_jobs_are_paused_and_resumed_over_deaths_and_restarts_each_picture_is_made_once(
    tmp_path: Path, seed: int
) -> None:
    dice, owners = random.Random(seed), ("ada", "bob", "ada", "cyd")
    jobs: list[Job] = []
    for life in range(3):
        with studio(tmp_path, max_active_pictures=dice.choice([1, 3, 8])) as manager:
            ready(manager)
            for owner in owners[len(jobs) :]:
                counts = {"batch_size": dice.randint(1, 3), "batch_count": dice.randint(1, 3)}
                asked = asking("fake:load=0 fake:step=0.01", steps=30, **counts)
                jobs.append(manager.submit(asked, owner))
            for _ in range(40):
                job, act = dice.choice(jobs), dice.choice([manager.pause, manager.resume])
                with contextlib.suppress(RequestError):  # it is over
                    act(job.id, job.owner)
                manager._desk.ask(lambda: None)
            if life == 1:
                kill(manager)

    with studio(tmp_path) as manager:
        for job in jobs:
            with contextlib.suppress(RequestError):
                manager.resume(job.id, job.owner)
        for job in jobs:
            assert set(states(ended(manager, job))) == {"done"}
        made = sum(manager.library.search(owner).total for owner in set(owners))
        assert made == sum(len(job.pictures) for job in jobs)
        assert files(tmp_path) == []
