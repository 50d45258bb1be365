"""Pause and resume: a job leaves the device as it is and goes on from there; nobody else notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import Job, NotFound, PipelineManager, Refused, RequestError
from pipelines.asking.grid import Axis, Grid
from pipelines.manager import commands
from tests.studio import OWNER, asking, asleep, ended, in_state, ready, studio, until

SLOW = "fake:load=0 fake:step=0.05"


def begun(manager: PipelineManager, owner: str = OWNER, /, step: int = 3, **fields: object) -> Job:
    """A job whose first picture has taken so many steps of many."""
    job = manager.submit(asking(SLOW, steps=40, **fields), owner)
    return in_state(manager, job, lambda now: now.pictures[0].step >= step)


def paused(manager: PipelineManager, job: Job) -> Job:
    manager.pause(job.id, job.owner)
    return in_state(manager, job, "paused")


def states(job: Job) -> list[str]:
    return [picture.state for picture in job.pictures]


def files(folder: Path) -> list[str]:
    """What lies there of half-done pictures."""
    kept = folder / "data" / "kept" / "states"
    return sorted(path.name for path in kept.rglob("*") if path.is_file())


def calls(manager: PipelineManager) -> int:
    """How many steps this worker has taken, by a heartbeat from after the question."""
    for _ in range(2):
        last = manager._gpu.heartbeat
        until(manager, OWNER, lambda last=last: manager._gpu.heartbeat is not last)
    heartbeat = manager._gpu.heartbeat
    return heartbeat.calls if heartbeat else 0


def test_a_job_that_develops_is_paused_and_goes_on_from_its_step(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager))

        (picture,) = job.pictures
        assert picture.state == "paused"
        assert 3 <= picture.step < 20
        assert (job.position, job.eta_seconds, job.stage, job.finished) == (None, None, "", None)
        assert manager.status().running == manager.status().queue_length == 0
        assert files(tmp_path) == ["0", "0.jpg", "0.npz"]
        assert manager.preview(job.id, 0, OWNER)

        assert manager.resume(job.id, OWNER).state == "queued"
        assert ended(manager, job).state == "done"
        assert calls(manager) == 40
        assert files(tmp_path) == []
        assert manager.library.search(OWNER).total == 1


def test_a_queued_job_is_paused_where_it_stands_and_keeps_its_place(tmp_path: Path) -> None:
    with studio(tmp_path, max_active_pictures=1) as manager:
        ready(manager)
        first = begun(manager)
        manager.submit(asking(SLOW), OWNER)  # lies at the worker already
        second, third, fourth = (manager.submit(asking(), OWNER) for _ in range(3))

        assert manager.pause(second.id, OWNER).state == "paused"
        assert states(manager.job(second.id, OWNER)) == ["queued"]
        in_state(manager, fourth, lambda now: now.position == 3)
        manager.resume(second.id, OWNER)
        in_state(manager, fourth, lambda now: now.position == 4)

        order = [ended(manager, job).finished or 0.0 for job in (first, second, third, fourth)]
        assert order == sorted(order)


def test_a_job_that_is_paused_before_its_turn_does_not_run(tmp_path: Path) -> None:
    with asleep(tmp_path) as (manager, awake):
        job = manager.submit(asking(), OWNER)
        manager.pause(job.id, OWNER)
        awake()

        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"

        assert states(manager.job(job.id, OWNER)) == ["queued"]
        assert manager.job(job.id, OWNER).state == "paused"


def test_of_several_batches_done_half_done_and_waiting_pictures_stay_what_they_are(
    tmp_path: Path,
) -> None:
    with studio(tmp_path) as manager:
        asked = asking("fake:step=0.02", steps=12, batch_size=2, batch_count=3)
        job = manager.submit(asked, OWNER)
        in_state(manager, job, lambda now: now.pictures[2].step >= 2)

        job = paused(manager, job)

        assert states(job) == ["done", "done", "paused", "paused", "queued", "queued"]
        manager.resume(job.id, OWNER)
        done = ended(manager, job)
        assert states(done) == ["done"] * 6
        assert manager.library.search(OWNER).total == 6


def test_a_picture_is_paused_many_times_and_its_strip_has_every_step(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        whole = ended(manager, manager.submit(asking("fake:step=0.01", steps=40), OWNER))
        job = begun(manager)
        for step in (9, 17, 25):
            in_state(manager, job, lambda now, step=step: now.pictures[0].step >= step)
            paused(manager, job)
            manager.resume(job.id, OWNER)
        done = ended(manager, job)

        strips = [
            [frame.step for frame in manager.library.strip(one.pictures[0].picture_id or "", OWNER)]
            for one in (whole, done)
        ]
        assert strips[0] == strips[1] == [8, 16, 24, 32, 40]
        record = manager.library.get(done.pictures[0].picture_id or "", OWNER)
        assert record.seconds > 1.5  # of both parts: 40 steps of 0.05 s


def test_a_grid_is_paused_in_all_its_parts(tmp_path: Path) -> None:
    grid = Grid(x=Axis(field="sampling.steps", values="30, 40"), y=Axis(field="seed", values="1-3"))
    with studio(tmp_path) as manager:
        job = manager.submit(asking(SLOW, grid=grid), OWNER)
        in_state(manager, job, lambda now: sum(one.step >= 2 for one in now.pictures) >= 2)

        job = paused(manager, job)

        assert len(job.pictures) == 6
        assert set(states(job)) <= {"paused", "queued"}
        taken = sum(one.step for one in job.pictures)
        manager.resume(job.id, OWNER)
        assert states(ended(manager, job)) == ["done"] * 6
        assert taken > 0
        assert calls(manager) == 3 * 30 + 3 * 40


def test_a_job_goes_on_although_it_is_just_being_paused(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = begun(manager)
        for _ in range(3):
            manager.pause(job.id, OWNER)
            manager.resume(job.id, OWNER)
            manager.resume(job.id, OWNER)

        assert ended(manager, job).state == "done"


def test_pausing_twice_changes_nothing(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = begun(manager)
        manager.pause(job.id, OWNER)
        before = paused(manager, job)

        assert manager.pause(job.id, OWNER) == before


def test_the_pictures_of_others_go_on_and_their_times_are_right(tmp_path: Path) -> None:
    with studio(tmp_path, max_active_pictures=1) as manager:
        ready(manager)
        job = begun(manager)
        other = manager.submit(asking(SLOW, steps=10), "bob")
        last = manager.submit(asking(SLOW, steps=10), "bob")
        before = in_state(manager, last, lambda now: (now.eta_seconds or 0) > 1.5)

        paused(manager, job)

        assert in_state(manager, other, "running")
        after = in_state(manager, last, lambda now: now.position == 1)
        assert (after.eta_seconds or 0) < (before.eta_seconds or 0)
        assert ended(manager, last).state == "done"
        assert manager.job(job.id, OWNER).state == "paused"


# ---- cancel ------------------------------------------------------------------------------------------------


def test_a_paused_job_can_be_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = paused(manager, begun(manager, batch_size=2))

        manager.cancel(job.id, OWNER)

        assert manager.job(job.id, OWNER).state == "cancelled"
        assert states(manager.job(job.id, OWNER)) == ["cancelled"] * 2
        assert files(tmp_path) == []
        manager.requeue(job.id, OWNER)
        assert ended(manager, job).state == "done"


def test_a_job_that_is_being_paused_can_be_cancelled(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = begun(manager)
        manager.pause(job.id, OWNER)
        manager.cancel(job.id, OWNER)

        assert in_state(manager, job, "cancelled")
        assert files(tmp_path) == []


# ---- what is refused ---------------------------------------------------------------------------------------


def test_only_the_owner_pauses_and_only_what_is_under_way(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = ended(manager, manager.submit(asking(), OWNER))
        draft = manager.submit(asking(steps=10, draft_fraction=0.5), OWNER)
        in_state(manager, draft, "held")

        for ask in (manager.pause, manager.resume):
            with pytest.raises(NotFound):
                ask(job.id, "eve")
            with pytest.raises(RequestError, match="only a"):
                ask(job.id, OWNER)
            with pytest.raises(RequestError, match="only a"):
                ask(draft.id, OWNER)


def test_paused_jobs_do_not_block_their_owner_and_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "OPEN_JOBS_OF_AN_OWNER", 2)
    monkeypatch.setattr(commands, "PAUSED_JOBS_OF_AN_OWNER", 3)
    with studio(tmp_path) as manager:
        jobs = [paused(manager, begun(manager)) for _ in range(3)]
        more = [manager.submit(asking(SLOW, steps=100), OWNER) for _ in range(2)]

        with pytest.raises(Refused, match="3 paused jobs"):
            manager.pause(more[0].id, OWNER)
        with pytest.raises(Refused, match="2 jobs waiting"):
            manager.resume(jobs[0].id, OWNER)
        manager.cancel(more[0].id, OWNER)
        in_state(manager, more[0], "cancelled")
        assert manager.resume(jobs[0].id, OWNER).state in ("queued", "running")


# ---- drafts ------------------------------------------------------------------------------------------------


def test_drafts_are_paused_while_they_are_made_and_then_held(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = begun(manager, batch_size=2, draft_fraction=0.5)
        job = paused(manager, job)
        manager.resume(job.id, OWNER)
        held = in_state(manager, job, "held")
        assert [one.step for one in held.pictures] == [20, 20]

        manager.develop(job.id, OWNER, (1,))
        in_state(manager, job, lambda now: now.pictures[1].step > 22)
        job = paused(manager, job)
        assert states(job) == ["dropped", "paused"]
        manager.resume(job.id, OWNER)

        assert states(ended(manager, job)) == ["dropped", "done"]
