"""Pictures of a job that are made again, in the same job: what was there stays, also over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import PipelineManager, RequestError
from pipelines.errors import NotFound
from tests.pipelines.manager.test_grids import SMALL, grid, made
from tests.pipelines.manager.test_restart import put_back_in_time
from tests.studio import asking, ended, in_state, ready, studio


def test_one_cell_is_made_again_with_a_new_seed(manager: PipelineManager, owner: str) -> None:
    axes = grid(x=("sampling.steps", "2,3"))
    job = ended(manager, manager.submit(asking(grid=axes, seed=5, **SMALL), owner))
    before = [picture.picture_id for picture in job.pictures]

    job = ended(manager, manager.again(job.id, owner, (1,), -1))

    assert job.state == "done"
    assert job.pictures[0].picture_id == before[0]
    assert job.pictures[0].seed == 5
    assert job.pictures[1].picture_id not in (*before, None)
    assert job.pictures[1].seed != 5
    assert made(manager, job, 1).sampling.steps == 3
    assert manager.library.search(owner).total == 3

    job = ended(manager, manager.again(job.id, owner, (0, 1), None))
    assert manager.library.search(owner).total == 5
    assert {picture.picture_id for picture in job.pictures}.isdisjoint(before)


def test_again_is_for_pictures_of_a_job_that_is_over(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking("fake:step=0.05", steps=50, **SMALL), owner)
    with pytest.raises(RequestError, match="the job is not over"):
        manager.again(job.id, owner, (0,), None)
    manager.cancel(job.id, owner)
    job = ended(manager, job)
    for pictures in ((), (1,), (-1,)):
        with pytest.raises(RequestError, match="no pictures of this job"):
            manager.again(job.id, owner, pictures, None)
    with pytest.raises(RequestError, match="seed"):
        manager.again(job.id, owner, (0,), -2)
    with pytest.raises(NotFound):
        manager.again(job.id, "somebody else", (0,), None)


def test_a_restart_makes_the_rest_and_keeps_what_was_made(tmp_path: Path) -> None:
    axes = grid(x=("prompt", "slow,fast"), y=("seed", "1,2"))
    with studio(tmp_path, max_active_pictures=2) as manager:
        prompt = "slow fake:step=0.02"
        job = manager.submit(asking(prompt, steps=4, grid=axes, **SMALL), "ada")
        in_state(manager, job, lambda now: any(p.state == "done" for p in now.pictures))
    with studio(tmp_path) as manager:
        after = ended(manager, manager.job(job.id, "ada"))

        assert after.state == "done"
        assert manager.library.search("ada").total == 4
        told = [
            (made(manager, after, n).prompt.split()[0], made(manager, after, n).seed)
            for n in range(4)
        ]
        assert told == [("slow", 1), ("fast", 1), ("slow", 2), ("fast", 2)]


def test_a_restart_does_not_take_the_old_picture_for_the_new_one(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job = ended(manager, manager.submit(asking(**SMALL), "ada"))
        first = job.pictures[0].picture_id
    with studio(tmp_path, max_active_pictures=1) as manager:
        ready(manager)
        blocker = manager.submit(asking("fake:load=0 fake:step=60", **SMALL), "ada")
        in_state(manager, blocker, "running")
        assert manager.again(job.id, "ada", (0,), None).state == "queued"
    put_back_in_time(tmp_path, "UPDATE jobs SET request = replace(request, 'fake:', 'short')")
    with studio(tmp_path) as manager:
        after = ended(manager, manager.job(job.id, "ada"))

        assert after.pictures[0].picture_id not in (first, None)
        assert manager.library.search("ada").total >= 2
