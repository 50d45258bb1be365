"""The board: followers hear at once, hear only their own, and never miss or repeat a change."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pipelines.errors import NotFound
from pipelines.job import Job
from pipelines.manager.follow import REMOVALS_KEPT, Board
from pipelines.request import Request

NOW = 1_700_000_000.0


def job(job_id: str, owner: str = "ada", state: str = "queued") -> Job:
    return Job(id=job_id, owner=owner, state=state, request=Request(), pictures=(), created=NOW)


def test_a_new_follower_gets_everything() -> None:
    board = Board(NOW)
    board.publish([job("1"), job("2")])

    changes = asyncio.run(board.changes("ada", 0, 5))

    assert [one.id for one in changes.jobs] == ["1", "2"]
    assert changes.is_whole


def test_a_follower_gets_only_what_is_newer() -> None:
    board = Board(NOW)
    board.publish([job("1"), job("2")])
    seen = asyncio.run(board.changes("ada", 0, 0))

    board.publish([job("2", state="running")])
    changes = asyncio.run(board.changes("ada", seen.version, 5))

    assert [(one.id, one.state) for one in changes.jobs] == [("2", "running")]
    assert not changes.is_whole
    assert changes.version > seen.version


def test_a_follower_hears_of_removals() -> None:
    board = Board(NOW)
    board.publish([job("1")])
    seen = asyncio.run(board.changes("ada", 0, 0))

    board.publish([], removed=[job("1")])
    changes = asyncio.run(board.changes("ada", seen.version, 5))

    assert (changes.jobs, changes.removed_ids) == ((), ("1",))


def test_who_missed_too_many_removals_gets_everything_again() -> None:
    board = Board(NOW)
    board.publish([job("stays")])
    seen = asyncio.run(board.changes("ada", 0, 0))

    for number in range(REMOVALS_KEPT + 1):
        board.publish([], removed=[job(str(number))])
    changes = asyncio.run(board.changes("ada", seen.version, 0))

    assert changes.is_whole
    assert [one.id for one in changes.jobs] == ["stays"]


def test_another_owner_hears_and_sees_nothing() -> None:
    board = Board(NOW)
    board.publish([job("1")])

    assert asyncio.run(board.changes("bob", board.version, 0.02)).jobs == ()
    assert board.jobs("bob", 50) == []
    with pytest.raises(NotFound):
        board.job("1", "bob")


def test_a_follower_of_an_earlier_server_gets_everything() -> None:
    earlier = Board(NOW)
    earlier.publish([job("1")])
    later = Board(NOW + 60)
    later.publish([job("1")])

    assert asyncio.run(later.changes("ada", earlier.version, 5)).is_whole
    assert asyncio.run(earlier.changes("ada", later.version, 5)).is_whole


def test_waiting_ends_without_news() -> None:
    board = Board(NOW)
    board.publish([job("1")])
    version = board.version

    changes = asyncio.run(board.changes("ada", version, 0.02))

    assert (changes.version, changes.jobs) == (version, ())


def test_news_for_all_wakes_everybody() -> None:
    async def scenario() -> None:
        board = Board(NOW)
        version = (await board.changes("ada", 0, 0)).version
        waiting = asyncio.create_task(board.changes("ada", version, 10))
        await asyncio.sleep(0)

        board.announce()

        assert (await asyncio.wait_for(waiting, 1)).version > version

    asyncio.run(scenario())


def test_two_hundred_followers_wake_within_50_ms() -> None:
    board = Board(NOW)
    owners = [f"owner-{number}" for number in range(200)]
    board.publish(job(owner, owner) for owner in owners)

    async def scenario() -> list[float]:
        version = board.version
        waiting = [asyncio.create_task(woken(owner, version)) for owner in owners]
        await asyncio.sleep(0)
        posted_at = time.monotonic()
        news = [job(owner, owner, "running") for owner in owners]
        threading.Thread(target=board.publish, args=(news,)).start()
        return [at - posted_at for at in await asyncio.gather(*waiting)]

    async def woken(owner: str, version: int) -> float:
        changes = await board.changes(owner, version, 10)
        assert [one.id for one in changes.jobs] == [owner]
        return time.monotonic()

    threads_before = threading.active_count()
    delays = sorted(asyncio.run(scenario()))

    assert delays[100] < 0.05, f"the middle one woke after {delays[100]:.3f} s"
    assert threading.active_count() <= threads_before + 1


def test_a_follower_that_gave_up_leaves_nothing_behind() -> None:
    board = Board(NOW)

    async def scenario() -> None:
        waiting = asyncio.create_task(board.changes("gone", board.version, 10))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())
    board.publish([job("1", "gone")])

    assert board.job("1", "gone").version == board.version


def test_newest_jobs_come_first() -> None:
    board = Board(NOW)
    for number in range(5):
        board.publish([Job(**{**vars(job(str(number))), "created": NOW + number})])

    assert [one.id for one in board.jobs("ada", 2)] == ["4", "3"]


def test_who_follows_hears_of_news_of_his_own_beside_the_jobs_once() -> None:
    board = Board(NOW)
    seen = asyncio.run(board.changes("ada", board.version, 0))

    board.tell("ada")
    told = asyncio.run(board.changes("ada", seen.version, 5))

    assert told.version > seen.version
    assert asyncio.run(board.changes("ada", told.version, 0)).version == told.version
    assert asyncio.run(board.changes("ada", seen.version, 5)).version == told.version  # another tab
    assert board._newer(board._shelves["ada"], told.version) is None


def test_listeners_are_told_of_every_snapshot_once_it_hangs_there() -> None:
    board, heard = Board(NOW), []
    board.listen(lambda one: heard.append((one.id, board.job(one.id, "ada").state)))

    board.publish(iter([job("1"), job("2", state="done")]))

    assert heard == [("1", "queued"), ("2", "done")]
