"""Many people at one studio: limits, turns, places in the queue, and followers who wait without a thread."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pipelines import PipelineManager, Refused
from pipelines.manager.commands import OPEN_JOBS, OPEN_JOBS_OF_AN_OWNER
from tests.studio import asking, ended, in_state

# ---- sharing -----------------------------------------------------------------------------------------------


def test_an_owner_has_at_most_twenty_open_jobs(manager: PipelineManager, owner: str) -> None:
    jobs = [
        manager.submit(asking("fake:step=0.02", steps=50), owner)
        for _ in range(OPEN_JOBS_OF_AN_OWNER)
    ]

    with pytest.raises(Refused) as caught:
        manager.submit(asking(), owner)

    assert 1 <= caught.value.retry_after_seconds <= 60
    assert caught.value.http_status == 429
    for job in jobs:
        manager.cancel(job.id, owner)
    for job in jobs:
        ended(manager, job)


def test_the_queue_takes_at_most_two_hundred_jobs(manager: PipelineManager, owner: str) -> None:
    request = asking("fake:step=0.05", steps=150)
    jobs = [manager.submit(request, f"{owner}-{number // 10}") for number in range(OPEN_JOBS)]

    with pytest.raises(Refused, match="The queue is full"):
        manager.submit(request, owner)

    for job in jobs:
        manager.cancel(job.id, job.owner)
    for job in jobs:
        ended(manager, job)


def test_a_second_owner_does_not_wait_for_all_of_the_firsts_jobs(
    manager: PipelineManager, owner: str
) -> None:
    full = {"steps": 5, "batch_size": 8}
    first = [manager.submit(asking("fake:step=0.03", **full), owner) for _ in range(5)]
    second = [manager.submit(asking("fake:step=0.03", **full), owner + "-b") for _ in range(2)]

    for job in first + second:
        ended(manager, job)
    order = sorted(first + second, key=lambda job: manager.job(job.id, job.owner).finished or 0)

    names = "".join("B" if job.owner.endswith("-b") else "A" for job in order)
    assert names.rindex("B") <= 4, names


def test_waiting_jobs_know_their_place_and_time(manager: PipelineManager, owner: str) -> None:
    ended(manager, manager.submit(asking("fake:step=0.03", steps=10, batch_size=8), owner))
    full = {"steps": 10, "batch_size": 8}
    jobs = [manager.submit(asking("fake:step=0.03", **full), owner) for _ in range(5)]

    last = in_state(manager, jobs[4], lambda now: now.position is not None)
    before_last = manager.job(jobs[3].id, owner)

    assert last.position == (before_last.position or 0) + 1
    assert last.eta_seconds is not None
    assert before_last.eta_seconds is not None
    assert 0.1 < before_last.eta_seconds < last.eta_seconds < 20
    for job in jobs:
        assert ended(manager, job).position is None


def test_large_jobs_are_made_part_by_part(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking(steps=2, batch_size=8, batch_count=3), owner)

    done = ended(manager, job)

    assert [one.state for one in done.pictures] == ["done"] * 24
    assert [one.seed - done.request.seed for one in done.pictures] == list(range(24))


# ---- following and health ----------------------------------------------------------------------------------


def test_a_follower_hears_of_a_new_job_within_50_ms(manager: PipelineManager, owner: str) -> None:
    async def follow() -> float:
        version = (await manager.changes(owner, 0, 0)).version
        waiting = asyncio.create_task(manager.changes(owner, version, 10))
        await asyncio.sleep(0)
        job = await asyncio.to_thread(manager.submit, asking(), owner)
        submitted_at = time.monotonic()
        changes = await waiting
        assert [one.id for one in changes.jobs] == [job.id]
        return time.monotonic() - submitted_at

    assert asyncio.run(follow()) < 0.05
    ended(manager, manager.jobs(owner)[0])


def test_two_hundred_followers_see_each_their_own_job_end(
    manager: PipelineManager, owner: str
) -> None:
    async def follow(name: str) -> str:
        version, job = 0, None
        while job is None or job.state != "done":
            changes = await manager.changes(name, version, 20)
            version, job = changes.version, changes.jobs[-1] if changes.jobs else job
            assert all(one.owner == name for one in changes.jobs)
        return job.id

    async def all_of_them() -> list[str]:
        names = [f"{owner}-{number}" for number in range(200)]
        waiting = [asyncio.create_task(follow(name)) for name in names]
        await asyncio.sleep(0)
        threads = threading.active_count()
        jobs = [await asyncio.to_thread(manager.submit, asking(steps=1), name) for name in names]
        assert threading.active_count() <= threads + 40  # the loop's own pool, no thread a follower
        assert await asyncio.gather(*waiting) == [job.id for job in jobs]
        return names

    assert len(asyncio.run(asyncio.wait_for(all_of_them(), 60))) == 200


def test_the_probe_makes_a_forward(manager: PipelineManager) -> None:
    probed = asyncio.run(manager.probe(5))

    assert probed.is_ok


def test_the_status_tells_the_device_and_what_is_loaded(manager: PipelineManager) -> None:
    status = manager.status()

    assert (status.worker, status.why, status.device) == ("ready", "", "cpu")
    assert status.checkpoint_names == ("paper",)
    assert status.free_disk_bytes > 0
    assert status.as_dict()["device_name"] == "Fake device"


def test_tokens_are_counted(manager: PipelineManager) -> None:
    count = manager.count_tokens("red red red")

    assert (count.tokens, count.limit) == (3, 75)
