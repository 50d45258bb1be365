"""A server that is killed in the middle of a grid: what was made stays, the rest is made, nothing twice."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from pipelines.asking.grid import Axis, Grid
from tests.studio import asking, ended, ready, studio, until

CELLS = 6


def serve(folder: Path, line: Connection) -> None:
    """Begins a grid, tells of its job, and then how much of it is done."""
    with studio(folder, max_active_pictures=1) as manager:
        ready(manager)
        axes = Grid(
            x=Axis(field="sampling.steps", values="4,5,6"), y=Axis(field="seed", values="1,2")
        )
        job = manager.submit(asking("fake:step=0.03", grid=axes, width=64, height=64), "ada")
        line.send(job.id)

        def done() -> bool:
            pictures = manager.job(job.id, "ada").pictures
            made = {one.index: one.picture_id for one in pictures if one.picture_id}
            line.send(made)
            return len(made) == CELLS

        until(manager, "ada", done)


def test_a_grid_goes_on_after_a_kill(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=serve, args=(tmp_path, far))
    process.start()
    job_id = near.recv()
    made: dict[int, str] = {}
    while len(made) < 2:
        made = near.recv()
    process.kill()
    process.join()
    near.close()
    far.close()
    assert len(made) < CELLS

    with studio(tmp_path) as manager:
        after = ended(manager, manager.job(job_id, "ada"))

        assert after.state == "done"
        found = {one.index: one.picture_id for one in after.pictures}
        assert len(set(found.values())) == CELLS
        assert {index: found[index] for index in made} == made
        assert manager.library.search("ada").total == CELLS
        records = [manager.library.get(found[index] or "", "ada") for index in range(CELLS)]
        requests = [record.request for record in records if record.request]
        assert [(r.seed, r.sampling.steps) for r in requests] == [
            (seed, steps) for seed in (1, 2) for steps in (4, 5, 6)
        ]
