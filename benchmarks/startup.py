"""How long until one can work: from the start of the process to the page, to a ready worker, to a file on disk."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measure import median, seconds
from benchmarks.server import Server
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table

STARTS = 3
GOAL = Goal(3.0, is_at_least=False, unit=" s")
METHOD = (
    f"Wall time since `python app.py` was started, median of {STARTS} starts in empty data folders, files of the "
    "environment in the system's cache. While Gradio is imported, browsers see a page that asks again each second."
)


def run(subject: Subject) -> list[Table]:
    starts = [_start(subject) for _ in range(STARTS)]
    server, page, worker, picture = (median([start[i] for start in starts]) for i in range(4))
    rows = (
        Row("server answers (/livez 200), first page shown", (seconds(server),), server, GOAL),
        Row("page of the studio (GET / 200)", (seconds(page),)),
        Row("worker ready (a real forward was run)", (seconds(worker),)),
        Row("first picture on disk, asked for when the server answered", (seconds(picture),)),
    )
    samples = {"server, page, worker, picture": starts}
    return [Table("Start-up", METHOD, ("since start",), rows, samples)]


def _start(subject: Subject) -> tuple[float, float, float, float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder), subject.models_dir, subject.flags) as server,
    ):
        answer = server.wait_for_answer("livez")
        job_id = server.submit(subject.asked(seed=1))
        with ThreadPoolExecutor(2) as waiting:
            page = waiting.submit(server.wait_for_answer, "")
            worker = waiting.submit(server.wait_for_worker)
            server.wait_for({job_id})
            return answer, page.result(), worker.result(), server.age_seconds
