"""Pauses and what goes wrong meanwhile: deaths, full disks and damaged files cost steps, never a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import DiskFull, ModelKept
from pipelines.manager.drafts import Drafts
from tests.kill_worker import kill
from tests.pipelines.manager.test_pausing import begun, calls, paused, states
from tests.studio import OWNER, asking, ended, in_state, ready, studio


def test_a_worker_that_dies_while_a_job_is_paused_costs_the_steps_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", f"folder={tmp_path}")
    with studio(tmp_path) as manager:
        job = manager.submit(asking("fake:wait-once@2", steps=6), OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step == 2)
        manager.pause(job.id, OWNER)

        kill(manager)

        job = in_state(manager, job, "paused")
        assert (states(job), job.pictures[0].step) == (["queued"], 0)
        ready(manager)
        assert manager.job(job.id, OWNER).state == "paused"
        manager.resume(job.id, OWNER)
        assert ended(manager, job).state == "done"


def test_a_worker_that_dies_after_a_pause_costs_the_steps_since_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", f"folder={tmp_path}")
    with studio(tmp_path) as manager:
        asked = asking("fake:step=0.05 fake:wait-once@12", steps=20)
        job = manager.submit(asked, OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step >= 5)
        job = paused(manager, job)
        manager.resume(job.id, OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step == 12)

        kill(manager)

        assert ended(manager, job).state == "done"
        assert calls(manager) == 20 - job.pictures[0].step


def test_a_full_disk_costs_the_steps_and_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFull("The disk is full.")

    with studio(tmp_path) as manager:
        job = begun(manager)
        with monkeypatch.context() as patch:
            patch.setattr(Drafts, "write", full)
            job = paused(manager, job)

        assert (states(job), job.error) == (["queued"], None)
        manager.resume(job.id, OWNER)
        assert ended(manager, job).state == "done"


def test_a_damaged_state_fails_its_picture_and_another_try_begins_anew(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager))
        (tmp_path / "data" / "kept" / "states" / job.id / "0").write_bytes(b"no state")
        manager.resume(job.id, OWNER)

        failed = ended(manager, job)
        assert failed.error is not None
        assert failed.error["code"] == "state_damaged"
        manager.requeue(job.id, OWNER)
        assert ended(manager, job).state == "done"


def test_a_picture_that_is_made_anew_does_not_go_on_from_an_old_state(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager))
        kept = tmp_path / "data" / "kept" / "states" / job.id
        before = {path.name: path.read_bytes() for path in kept.iterdir()}
        manager.resume(job.id, OWNER)
        ended(manager, job)
        kept.mkdir()  # as if it had failed there
        for name, data in before.items():
            (kept / name).write_bytes(data)
        steps = calls(manager)

        manager.again(job.id, OWNER, (0,), seed=None)

        assert ended(manager, job).state == "done"
        assert calls(manager) - steps == 40


def test_a_strip_that_cannot_be_read_costs_no_picture(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager))
        kept = tmp_path / "data" / "kept" / "states" / job.id / "0.npz"
        kept.write_bytes(kept.read_bytes()[:100])
        manager.resume(job.id, OWNER)

        assert ended(manager, job).state == "done"


def test_a_model_stays_while_a_paused_job_needs_it(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        paused(manager, begun(manager))
        (row,) = manager.models.listing("checkpoint").rows

        with pytest.raises(ModelKept, match="in use"):
            manager.models.trash.trash(manager.models.card(row["id"]))
