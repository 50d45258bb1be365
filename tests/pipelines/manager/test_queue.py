"""The queue on disk: what was written is read back whole, in order, once per client request, by one server."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.asking.sampling import Sampling
from pipelines.errors import AlreadyRunning, StudioError
from pipelines.job import Job, Picture
from pipelines.manager.lock import FolderLock
from pipelines.manager.queue import MIGRATIONS, Queue, Record
from pipelines.request import Request

SAMPLING = Sampling(sampler="Euler", schedule="Karras", steps=4, guidance_scale=2.5)
REQUEST = Request(prompt="ein Kreis — 円", sampling=SAMPLING, seed=7)


def record(job_id: str, ordinal: int, **changes: object) -> Record:
    job = Job(
        id=job_id,
        owner="ada",
        state="running",
        request=REQUEST,
        pictures=(Picture(index=0, seed=7, state="done", picture_id="f" * 32),),
        created=1.5,
        started=2.5,
        attempt=1,
        error={"code": "x", "message": "y"},
        verifies="e" * 32,
        verdict={"result": "same", "why": "z", "db": 60.5, "max_difference": 1},
    )
    return replace(Record(job=job, ordinal=ordinal), **changes)  # type: ignore[arg-type]


def test_records_come_back_whole_and_in_order(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "jobs.sqlite")
    records = [record("b", 2, is_picked=True), record("a", 1, client_request_id="once")]
    queue.write(records, gpu_seconds={"ada": 1.25})
    queue.close()

    again = Queue(tmp_path / "jobs.sqlite")

    assert again.load() == [records[1], records[0]]
    assert again.gpu_seconds() == {"ada": 1.25}


def test_writing_again_replaces(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "jobs.sqlite")
    queue.write([record("a", 1)])

    queue.write([record("a", 5)])

    assert [one.ordinal for one in queue.load()] == [5]


def test_a_client_request_id_is_known_to_its_owner_only(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "jobs.sqlite")
    queue.write([record("a", 1, client_request_id="once")])

    assert queue.submitted("ada", "once") == "a"
    assert queue.submitted("bob", "once") is None
    assert queue.submitted("ada", "twice") is None


def test_a_job_is_removed_for_its_owner_only(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "jobs.sqlite")
    queue.write([record("a", 1)])
    job = record("a", 1).job

    queue.write([], removed=[replace(job, owner="bob")])
    assert len(queue.load()) == 1
    queue.write([], removed=[job])

    assert queue.load() == []


def test_commits_are_durable(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "jobs.sqlite")

    assert queue._database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert queue._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_row_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "jobs.sqlite")
    queue.write([record("a", 1), record("b", 2)])
    queue._database.execute("UPDATE jobs SET request = '{\"who\": 1}' WHERE id = 'a'")

    assert [one.job.id for one in queue.load()] == ["b"]


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"lights went off" * 1000)

    assert Queue(path).load() == []

    assert [p.read_bytes()[:15] for p in tmp_path.glob("*.corrupt-*")] == [b"lights went off"]


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    Queue(path).close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()

    with pytest.raises(StudioError, match="newer Darkroom"):
        Queue(path)


def test_a_file_of_the_first_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = sqlite3.connect(path)
    database.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
    values = ("a", "ada", "", 1, "done", 0, 0, REQUEST.to_json(), "[]", 1.5, None, None, None)
    database.execute(f"INSERT INTO jobs VALUES ({', '.join('?' * len(values))})", values)
    database.commit()
    database.close()

    (known,) = Queue(path).load()

    assert (known.job.request, known.job.verdict) == (REQUEST, None)


def test_only_one_server_uses_a_folder(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)

    with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        FolderLock(tmp_path)

    first.release()
    FolderLock(tmp_path).release()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from pipelines.manager.lock import FolderLock;"
        f"lock = FolderLock(Path({str(tmp_path)!r})); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"process {other.pid}"):
            FolderLock(tmp_path)
        other.kill()

    FolderLock(tmp_path).release()
