"""Kills the GPU process in the middle of a job, again and again: `python -m tests.kill_worker --count 20`.

It is the real worker with the starter model. Each death must be known within a second, the page's questions answered
meanwhile, and the job tried again and done; in the end there is one picture a kill.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from pathlib import Path

from pipelines import PipelineManager, Settings
from pipelines.manager.status import Status
from tests.forked import forking
from tests.studio import OWNER, asking, ended, in_state, ready, until

MODELS = Path(__file__).parent.parent / "models"
NOTICED_SECONDS = 1.0


def kill(manager: PipelineManager) -> float:
    """Kills the worker and returns the seconds until the manager knew."""
    pid = ready(manager)
    killed_at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    until(manager, OWNER, lambda: _is_gone(manager.status(), pid))  # the next may be ready at once
    return time.monotonic() - killed_at


def _is_gone(status: Status, pid: int) -> bool:
    return (status.worker, status.worker_pid) != ("ready", pid)


def kill_again_and_again(folder: Path, count: int) -> list[float]:
    """The seconds until each death was known. Raises AssertionError when a job or a picture was lost."""
    settings = Settings(
        models_dir=(MODELS,), output_dir=folder / "outputs", data_dir=folder / "data"
    )
    manager = PipelineManager(settings, worker_context=forking())
    manager.start()
    noticed = []
    try:
        for number in range(count):
            ready(manager)
            job = manager.submit(asking(f"a red circle {number}", steps=40), OWNER)
            in_state(manager, job, lambda now: now.pictures[0].step >= 2)

            noticed.append(kill(manager))

            assert noticed[-1] < NOTICED_SECONDS
            assert manager.job(job.id, OWNER).attempt == 1  # it has gone back to the queue
            done = ended(manager, job)
            assert (done.state, done.attempt) == ("done", 1)
        assert manager.status().restarts == count
        assert manager.library.search(OWNER).total == count
    finally:
        manager.stop()
    return noticed


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills the worker again and again.")
    parser.add_argument("--count", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        noticed = sorted(kill_again_and_again(Path(folder), asked.count))
    print(
        f"{len(noticed)} kills; every job tried again and done; noticed after {1000 * noticed[len(noticed) // 2]:.0f} "
        f"ms in the middle, {1000 * noticed[-1]:.0f} ms at most"
    )


if __name__ == "__main__":
    main()
