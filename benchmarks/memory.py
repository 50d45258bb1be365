"""What the two processes take: memory when ready, after one picture and after eight; and the processor when idle."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

from benchmarks.server import Server
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table

IDLE_SECONDS = 20.0
IDLE_GOAL = Goal(3.0, is_at_least=False, unit=" %")
METHOD = (
    "Resident set size of each process, from /proc/PID/smaps_rollup; pages that both have mapped count in both. The "
    "web process never loads torch. What a GPU holds is not in these figures."
)


def run(subject: Subject) -> list[Table]:
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder), subject.models_dir, subject.flags) as server,
    ):
        server.wait_for_answer("")  # with Gradio and the page
        server.wait_for_worker()
        rows.append(_row("ready, nothing asked yet", server))
        server.wait_for({server.submit(subject.asked(seed=1))})
        rows.append(_row("after one picture", server))
        server.wait_for({server.submit({**subject.asked(seed=2), "batch_size": 8})})
        rows.append(_row("after eight at once", server))
        idle = _idle(server)
    columns = ("web process", "worker process", "together")
    return [Table("Memory of the processes", METHOD, columns, tuple(rows)), idle]


def _idle(server: Server) -> Table:
    """The share of one core that both processes use while nobody asks for anything."""
    before = server.cpu_seconds()
    time.sleep(IDLE_SECONDS)
    share = 100 * (server.cpu_seconds() - before) / IDLE_SECONDS
    row = Row("both processes together", (f"{share:.1f} % of a core",), share, IDLE_GOAL)
    method = f"Over {IDLE_SECONDS:.0f} seconds after the last picture, no page open."
    return Table("Idle", method, ("used",), (row,))


def _row(what: str, server: Server) -> Row:
    web = resident_bytes(server.process.pid)
    worker = sum(resident_bytes(pid) for pid in server.children())
    return Row(what, tuple(f"{size / 2**20:.0f} MiB" for size in (web, worker, web + worker)))


def resident_bytes(pid: int) -> int:
    """The resident set size of a process (Linux)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    match = re.search(r"^Rss:\s+(\d+) kB", text, re.M)
    return int(match[1]) * 1024 if match else 0
