"""Kills, full disks and many writers: no file is half, lost or overwritten, and no picture is made twice."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipelines.errors import DiskFull
from pipelines.output.library import Library
from tests.pipelines.output.pictures import new_picture, request

ROOT = Path(__file__).parents[3]
SAVE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from pipelines.output.library import Library
from tests.pipelines.output.pictures import new_picture

place, fatal_index, fatal_point = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
library = Library(place / "outputs", place / "data")
for index in range(10_000):
    def at(point):
        if (index, point) == (fatal_index, fatal_point):
            os.kill(os.getpid(), signal.SIGKILL)
    print(library.save(new_picture(job_id="job", index=index), at).id, flush=True)
"""


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "outputs", tmp_path / "data")
    yield library
    library.close()


def assert_whole(place: Path) -> Library:
    """After a start: every file is whole, has its row, and every row its file."""
    library = Library(place / "outputs", place / "data")
    library.reconcile()
    files = [path for path in (place / "outputs").rglob("*") if path.is_file()]
    for path in files:
        with Image.open(path) as image:
            image.load()
    rows = library.search("alice", limit=200)
    assert rows.total == len(files)
    assert all(library.file(row.id, "alice") for row in rows.items)
    with sqlite3.connect(place / "data/library.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    return library


@pytest.mark.parametrize("point", ["written", "renamed", "committed"])
def test_a_kill_at_a_named_point_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    process = child(SAVE_AND_DIE, tmp_path, 2, point)
    out, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(out.split()) == 2

    library = assert_whole(tmp_path)

    assert (library.find("job", 2) is None) == (point == "written")
    for index in range(4):  # the job starts again
        library.save(new_picture(job_id="job", index=index))
    made = Counter(row.index for row in library.search("alice").items)
    assert made == {0: 1, 1: 1, 2: 1, 3: 1}
    library.close()


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_kill_at_any_moment_loses_no_picture_that_was_reported(
    tmp_path: Path, after: int
) -> None:
    process = child(SAVE_AND_DIE, tmp_path, -1, "")
    assert process.stdout
    reported = [process.stdout.readline().strip() for _ in range(after)]
    process.kill()
    reported += process.communicate()[0].split()

    library = assert_whole(tmp_path)

    assert {row.id for row in library.search("alice", limit=200).items} >= set(reported)
    library.close()


def save_three(place: Path, job_id: str) -> None:
    library = Library(place / "outputs", place / "data")
    for index in range(3):
        library.save(new_picture(job_id=job_id, index=index))


def test_sixteen_processes_overwrite_nothing(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=save_three, args=(tmp_path, f"job{n}")) for n in range(16)]
    for process in children:
        process.start()
    for process in children:
        process.join()

    assert [process.exitcode for process in children] == [0] * 16
    library = assert_whole(tmp_path)
    assert library.search("alice").total == 48
    library.close()


def test_threads_save_search_and_throw_away_at_the_same_time(
    library: Library, tmp_path: Path
) -> None:
    failures: list[BaseException] = []

    def work(owner: str) -> None:
        try:
            for index in range(5):
                record = library.save(new_picture(owner=owner, job_id=owner, index=index))
                assert library.search(owner, "circle").total == index + 1
                library.thumbnail(record.id, owner)
                library.restore(library.trash(record.id, owner).id, owner)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"owner{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len([p for p in (tmp_path / "outputs").rglob("*") if p.is_file()]) == 30


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_leaves_no_half_file(
    library: Library, tmp_path: Path, number: int
) -> None:
    def at(reached: str) -> None:
        if reached == "written":
            raise OSError(number, os.strerror(number))

    with pytest.raises(DiskFull, match="disk is full") as error:
        library.save(new_picture(job_id="j"), at)

    assert str(tmp_path / "outputs") in error.value.message
    assert error.value.details["free_bytes"] > 0
    assert not [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
    assert library.find("j", 0) is None
    assert library.save(new_picture(job_id="j")).id


def test_a_really_full_disk_is_survived_and_used_again_once_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine mounts no tmpfs")
    library = None
    try:
        library = Library(place / "outputs", place / "data")
        library.save(new_picture())
        big = new_picture(pixels=os.urandom(640 * 512 * 3), width=640, height=512)
        library.save(big)
        with pytest.raises(DiskFull, match="disk is full"):
            library.save(big)
        saved = library.search("alice").total
        assert not list(place.rglob("*.part"))
        library.trash(library.search("alice").items[0].id, "alice")
        next((place / "outputs/.trash").rglob("*.png")).unlink()
        library.reconcile()
        library.save(new_picture(request=request(prompt="room again")))
        assert library.search("alice").total == saved
    finally:
        if library:
            library.close()
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_index_takes_the_picture_back(library: Library, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data/library.sqlite") as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON pictures BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
    db.close()

    with pytest.raises(sqlite3.IntegrityError):
        library.save(new_picture())

    assert not [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
