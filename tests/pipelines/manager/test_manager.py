"""The manager with the fake worker: the life of jobs, from submit to a picture on disk, as owners see it."""

from __future__ import annotations

import asyncio
import io
import threading
import time

import pytest
from PIL import Image

from pipelines import Job, NotFound, PipelineManager, Request, RequestError
from tests.fake_worker import picture
from tests.studio import asking, ended, in_state


def states(job: Job) -> list[str]:
    return [one.state for one in job.pictures]


# ---- from submit to picture --------------------------------------------------------------------------------


def test_a_job_ends_with_its_pictures_in_the_library(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking(seed=41, batch_size=2), owner)
    assert job.state in ("queued", "running")

    done = ended(manager, job)

    assert (done.state, states(done), done.error) == ("done", ["done", "done"], None)
    assert done.started is not None
    assert done.finished is not None
    for index, one in enumerate(done.pictures):
        assert one.picture_id is not None
        with Image.open(manager.library.file(one.picture_id, owner)) as image:
            expected = picture("a red circle", 41 + index, (64, 64))
            assert image.tobytes() == expected.tobytes()


def test_open_fields_take_the_checkpoints_defaults(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(Request(prompt="red"), owner)

    assert (job.request.checkpoint, job.request.width) == ("paper", 64)
    assert job.request.sampling.steps == 4
    assert job.request.seed >= 0
    ended(manager, job)


def test_an_unknown_checkpoint_is_a_bad_field(manager: PipelineManager, owner: str) -> None:
    with pytest.raises(RequestError) as caught:
        manager.submit(asking(checkpoint="nothing"), owner)

    assert caught.value.field == "checkpoint"
    assert "paper" in caught.value.remedy


def test_progress_and_previews_are_told_while_it_develops(
    manager: PipelineManager, owner: str
) -> None:
    job = manager.submit(asking("red fake:step=0.05", steps=30), owner)

    half = in_state(manager, job, lambda now: now.pictures[0].step >= 10)

    assert half.state == "running"
    assert half.stage == "developing"
    # 20 where nothing else runs; words that were held up come together.
    assert half.steps_per_second is not None
    assert 4 < half.steps_per_second < 100
    assert half.eta_seconds == pytest.approx(1.0, abs=0.7)
    assert half.pictures[0].preview_seq >= 1
    jpeg = manager.preview(job.id, 0, owner)
    assert jpeg is not None
    assert Image.open(io.BytesIO(jpeg)).format == "JPEG"
    manager.cancel(job.id, owner)
    ended(manager, job)
    assert manager.preview(job.id, 0, owner) is None


def test_loading_is_told(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking("red fake:load=0.2"), owner)

    in_state(manager, job, lambda now: now.stage == "loading paper")

    ended(manager, job)


def test_the_same_client_request_id_is_one_job(manager: PipelineManager, owner: str) -> None:
    first = manager.submit(asking(), owner, "click-1")
    again = manager.submit(asking("another prompt"), owner, "click-1")
    other = manager.submit(asking(), owner + "-other", "click-1")

    assert first.id == again.id
    assert other.id != first.id
    assert len(manager.jobs(owner)) == 1
    ended(manager, first)
    ended(manager, other)


def test_twenty_clicks_at_once_are_one_job(manager: PipelineManager, owner: str) -> None:
    ids: list[str] = []

    def click() -> None:
        ids.append(manager.submit(asking(), owner, "double-click").id)

    threads = [threading.Thread(target=click) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 20
    assert len(set(ids)) == 1
    ended(manager, manager.jobs(owner)[0])


def test_another_owners_job_is_not_there(manager: PipelineManager, owner: str) -> None:
    job = ended(manager, manager.submit(asking(), owner))

    for act in (
        lambda: manager.job(job.id, "eve"),
        lambda: manager.cancel(job.id, "eve"),
        lambda: manager.requeue(job.id, "eve"),
        lambda: manager.remove(job.id, "eve"),
        lambda: manager.develop(job.id, "eve", (0,)),
        lambda: manager.preview(job.id, 0, "eve"),
    ):
        with pytest.raises(NotFound):
            act()
    assert manager.jobs("eve") == []
    assert asyncio.run(manager.changes("eve", 0, 0)).jobs == ()


def test_jobs_of_different_owners_share_forwards(manager: PipelineManager, owner: str) -> None:
    before = manager.status()
    jobs = [
        manager.submit(asking("red fake:step=0.03", steps=40), f"{owner}-{n}") for n in range(4)
    ]

    for job in jobs:
        ended(manager, job)
    in_state(manager, jobs[0], lambda _: manager.status().calls - before.calls >= 160)
    after = manager.status()

    calls, forwards = after.calls - before.calls, after.forwards - before.forwards
    assert calls > 1.6 * forwards


# ---- cancel, requeue, remove -------------------------------------------------------------------------------


def test_a_running_job_is_cancelled_at_its_next_step(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking("red fake:step=0.05", steps=150), owner)
    in_state(manager, job, lambda now: now.pictures[0].step >= 2)
    began = time.monotonic()

    assert manager.cancel(job.id, owner).stage == "cancelling"
    over = ended(manager, job)

    assert (over.state, states(over)) == ("cancelled", ["cancelled"])
    assert time.monotonic() - began < 1.0
    assert manager.cancel(job.id, owner).state == "cancelled"  # again: nothing happens


def test_pictures_that_were_done_before_a_cancel_stay(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking("red fake:step=0.03", steps=10, batch_count=8), owner)
    in_state(manager, job, lambda now: "done" in states(now))

    manager.cancel(job.id, owner)
    over = ended(manager, job)

    assert over.state == "cancelled"
    assert set(states(over)) == {"done", "cancelled"}
    assert manager.library.search(owner).total == states(over).count("done")


def test_a_queued_job_is_cancelled_at_once(manager: PipelineManager, owner: str) -> None:
    busy = [manager.submit(asking("fake:step=0.05", steps=150, batch_size=8), owner) for _ in "ab"]
    job = manager.submit(asking(), owner)

    assert manager.cancel(job.id, owner).state == "cancelled"

    for one in busy:
        manager.cancel(one.id, owner)
        ended(manager, one)


def test_a_cancelled_job_can_be_queued_again_and_keeps_its_id(
    manager: PipelineManager, owner: str
) -> None:
    job = manager.submit(asking("fake:step=0.05", steps=20, batch_count=2), owner)
    in_state(manager, job, lambda now: states(now)[0] == "done")
    manager.cancel(job.id, owner)
    first = ended(manager, job)

    again = manager.requeue(job.id, owner)
    done = ended(manager, again)

    assert (again.id, again.error) == (job.id, None)
    assert states(done) == ["done", "done"]
    assert done.pictures[0].picture_id == first.pictures[0].picture_id  # made once
    assert manager.library.search(owner).total == 2


def test_only_what_failed_or_was_cancelled_is_queued_again(
    manager: PipelineManager, owner: str
) -> None:
    job = ended(manager, manager.submit(asking(), owner))

    with pytest.raises(RequestError, match="only a failed or cancelled job"):
        manager.requeue(job.id, owner)


def test_a_removed_job_is_forgotten_and_its_picture_stays(
    manager: PipelineManager, owner: str
) -> None:
    job = manager.submit(asking(), owner)
    with pytest.raises(RequestError, match="is not over"):
        manager.remove(job.id, owner)
    ended(manager, job)
    version = asyncio.run(manager.changes(owner, 0, 0)).version

    manager.remove(job.id, owner)
    changes = asyncio.run(manager.changes(owner, version, 5))

    assert changes.removed_ids == (job.id,)
    assert manager.jobs(owner) == []
    assert manager.library.search(owner).total == 1


def test_one_picture_that_fails_leaves_the_others(manager: PipelineManager, owner: str) -> None:
    jobs = [manager.submit(asking(prompt), owner) for prompt in ("a", "b fake:nan@2", "c fake:oom")]

    fine, nan, memory = (ended(manager, job) for job in jobs)

    assert fine.state == "done"
    assert (nan.state, nan.error and nan.error["code"]) == ("failed", "not_finite")
    assert memory.error is not None
    assert memory.error["code"] == "out_of_memory"
    assert memory.error["remedy"]


# ---- drafts ------------------------------------------------------------------------------------------------


def test_drafts_are_held_and_the_chosen_ones_go_on(manager: PipelineManager, owner: str) -> None:
    job = manager.submit(asking(steps=10, batch_size=4, draft_fraction=0.3, seed=5), owner)

    held = in_state(manager, job, "held")
    assert states(held) == ["held"] * 4
    assert [one.step for one in held.pictures] == [3] * 4
    assert manager.preview(job.id, 2, owner)

    picked = manager.develop(job.id, owner, (1, 2))
    assert picked.state in ("queued", "running")
    done = ended(manager, job)

    assert (done.state, states(done)) == ("done", ["dropped", "done", "done", "dropped"])
    assert [one.seed for one in manager.library.search(owner).items] == [7, 6]


def test_held_jobs_do_not_count_as_open_and_can_be_cancelled(
    manager: PipelineManager, owner: str
) -> None:
    job = manager.submit(asking(steps=10, draft_fraction=0.5), owner)
    in_state(manager, job, "held")

    cancelled = manager.cancel(job.id, owner)

    assert (cancelled.state, states(cancelled)) == ("cancelled", ["cancelled"])
    assert manager.preview(job.id, 0, owner) is None


@pytest.mark.parametrize("pictures", [(), (9,), (0, 9)])
def test_only_held_drafts_can_be_chosen(
    manager: PipelineManager, owner: str, pictures: tuple[int, ...]
) -> None:
    job = manager.submit(asking(steps=10, draft_fraction=0.5), owner)
    in_state(manager, job, "held")

    with pytest.raises(RequestError, match="not drafts that are held"):
        manager.develop(job.id, owner, pictures)
    manager.cancel(job.id, owner)
