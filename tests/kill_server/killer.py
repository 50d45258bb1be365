"""The one who kills: starts one life after the other, and compares what is on the disk with what was said."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from PIL import Image

from tests import paper_checkpoint
from tests.kill_server import server
from tests.kill_server.server import Life

POINTS = ("written", "renamed", "committed")
LONGEST_LIFE_SECONDS = (
    0.15  # of one that ends at a random time, counted from its first finished job
)


@dataclass
class Report:
    """What the lives of the server came to."""

    kills: int = 0
    starts_seconds: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    finished: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        states = [state for _, state, _, _ in self.finished["jobs"]]
        starts = sorted(self.starts_seconds)
        return (
            f"{self.kills} kills; {len(self.accepted)} jobs accepted, {states.count('done')} done, "
            f"{states.count('failed')} failed with a reason; {len(self.looked_at)} pictures, all whole, "
            f"all in the index; start to recovered: {starts[len(starts) // 2]:.2f} s in the middle"
        )


def kill_again_and_again(folder: Path, count: int, worker: str) -> Report:
    """Raises AssertionError when anything was lost or cut. `worker` is thread, process or real."""
    report, dice = Report(), random.Random(count)
    paper_checkpoint.write(folder / "models" / "paper")
    while report.kills < count:
        number, seconds = report.kills % (len(POINTS) + 1), dice.random() * LONGEST_LIFE_SECONDS
        point = POINTS[number] if number < len(POINTS) else ""
        life = Life(folder, worker, len(report.accepted), point, dice.randint(1, 3))
        with _begun(life) as (process, line):
            _follow(life, report, line, functools.partial(_kill_after, seconds, process))
        assert process.exitcode == -signal.SIGKILL, f"it ended by itself: {process.exitcode}"
        report.kills += 1
    last = Life(folder, worker, -1)
    with _begun(last) as (_, line):
        _follow(last, report, line, lambda: None)
    _compare(folder, report, report.finished["indexed"])
    _account(report)
    return report


def _follow(life: Life, report: Report, line: Connection, kill: Callable[[], None]) -> None:
    """Follows one life to its end: by its fuse, or else some time after its first finished job."""
    began = time.monotonic()
    for event, value in _heard(line):
        if event == "recovered":
            report.starts_seconds.append(time.monotonic() - began)
            _compare(life.folder, report, value)
            line.send("go on")
        elif event == "accepted" and value not in report.accepted:
            report.accepted.append(value)
        elif event == "ended" and not life.point:
            kill()
        elif event == "finished":
            report.finished = value


def _kill_after(seconds: float, process: BaseProcess) -> None:
    time.sleep(seconds)  # a random time of death is the point
    process.kill()


@contextlib.contextmanager
def _begun(life: Life) -> Iterator[tuple[BaseProcess, Connection]]:
    """A life, begun, and the line to it. Forked from a process that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([server.__name__])
    near, far = context.Pipe()
    process = context.Process(target=server.serve, args=(life, far))
    process.start()
    far.close()
    yield process, near
    process.join()
    near.close()


def _heard(line: Connection) -> Iterator[tuple[str, Any]]:
    """What a life says until it ends."""
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            yield line.recv()


def _compare(folder: Path, report: Report, indexed: list[str]) -> None:
    """The index and the files are the same, and every file is a whole picture."""
    files = {path.relative_to(folder / "outputs").as_posix() for path in _files(folder)}
    unfinished = sorted(name for name in files if name.endswith(".part"))
    assert not unfinished, f"left behind: {unfinished}"
    assert len(indexed) == len(set(indexed)), "a picture is in the index twice"
    assert files == set(indexed), f"files and index differ: {files ^ set(indexed)}"
    for name in sorted(files - report.looked_at):
        with Image.open(folder / "outputs" / name) as image:
            image.load()  # raises OSError when it is cut
        report.looked_at.add(name)


def _files(folder: Path) -> list[Path]:
    return [path for path in (folder / "outputs").rglob("*") if path.is_file()]


def _account(report: Report) -> None:
    """Every accepted job has ended, once, in the order in which it was accepted."""
    jobs = report.finished["jobs"]
    ids, count = [job_id for job_id, *_ in jobs], len(report.accepted)
    assert ids[:count] == report.accepted, "jobs were lost, doubled or swapped"
    assert len(ids) <= count + 1, "only the last job's answer can have been cut off by a kill"
    made = [tuple(picture) for picture in report.finished["pictures"]]
    assert len(made) == len(set(made)), "a picture was made twice"
    assert {job_id for job_id, state, *_ in jobs if state == "done"} <= {one for one, _ in made}
    done = [(finished, prompt) for _, state, prompt, finished in jobs if state == "done"]
    assert sorted(done) == sorted(done, key=lambda row: row[1]), "jobs overtook one another"
