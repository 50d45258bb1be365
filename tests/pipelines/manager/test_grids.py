"""Grids in a running studio: each cell is settled by itself, made as what it is, kept as one sheet, and made again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines import Job, PipelineManager, Request, RequestError
from pipelines.asking.grid import Axis, Grid
from pipelines.errors import NotFound
from pipelines.manager.dispatch import in_order
from pipelines.output import infotext
from tests import paper_checkpoint
from tests.studio import asking, ended, in_state, ready, studio, until

SMALL = {"width": 64, "height": 64}


def grid(**axes: tuple[str, str]) -> Grid:
    return Grid(**{name: Axis(field=field, values=text) for name, (field, text) in axes.items()})


def made(manager: PipelineManager, job: Job, index: int) -> Request:
    picture = manager.job(job.id, job.owner).pictures[index]
    assert picture.picture_id is not None
    request = manager.library.get(picture.picture_id, job.owner).request
    assert request is not None
    return request


def test_each_cell_is_a_request_of_its_own(manager: PipelineManager, owner: str) -> None:
    axes = grid(x=("sampling.steps", "2,3"), y=("prompt", "red,blue"), z=("size", "64x64,72x64"))
    job = ended(manager, manager.submit(asking("a red circle", grid=axes), owner))

    assert job.state == "done"
    assert (job.request.batch_size, job.request.batch_count) == (8, 1)
    assert [picture.steps for picture in job.pictures] == [2, 3] * 4
    found = [made(manager, job, index) for index in range(8)]
    assert [(r.width, r.prompt, r.sampling.steps) for r in found] == [
        (width, f"a {colour} circle", steps)
        for width in (64, 72)
        for colour in ("red", "blue")
        for steps in (2, 3)
    ]
    assert len({r.seed for r in found}) == 1  # so that they can be compared
    assert all(r.grid is None and r.pictures == 1 for r in found)
    assert manager.grids.layout(job)["cells"] == list(range(8))


@pytest.mark.parametrize(
    ("axes", "field", "value"),
    [
        ({"x": ("sampling.steps", "3,500")}, "grid.x.values", "500"),
        (
            {"x": ("clip_skip", "1"), "y": ("sampling.sampler", "Euler,Newton")},
            "grid.y.values",
            "Newton",
        ),
        ({"z": ("checkpoint", "paper,gone")}, "grid.z.values", "gone"),
        ({"x": ("vae", "gone")}, "grid.x.values", "gone"),
        ({"x": ("size", "64x64,65x64")}, "grid.x.values", "65x64"),
        ({"x": ("prompt", "dog,cat")}, "grid.x.values", "dog"),
        ({"x": ("prompt", "circle,<lora:gone:1>")}, "grid.x.values", "<lora:gone:1>"),
        ({"x": ("styles", "None,gone")}, "grid.x.values", "gone"),
        ({"x": ("hires.steps", "3")}, "grid.x.values", "3"),
        ({"y": ("sampling.steps", "1-x")}, "grid.y.values", "1-x"),
    ],
)
def test_a_cell_that_cannot_be_made_names_its_axis_and_value(
    manager: PipelineManager, owner: str, axes: Any, field: str, value: str
) -> None:
    with pytest.raises(RequestError) as caught:
        manager.submit(asking(grid=grid(**axes)), owner)

    assert caught.value.field == field
    assert value in caught.value.details["value"]
    assert manager.jobs(owner) == []


@pytest.mark.parametrize(
    "axes", [{"x": ("sampling.steps", "3,500")}, {"x": ("checkpoint", "gone")}]
)
def test_a_plan_names_what_it_sees(manager: PipelineManager, owner: str, axes: Any) -> None:
    with pytest.raises(RequestError) as caught:
        manager.grids.plan(asking(grid=grid(**axes)), owner)
    assert caught.value.field == "grid.x.values"


def test_a_plan_says_what_would_be_made(manager: PipelineManager, owner: str) -> None:
    axes = grid(x=("sampling.steps", "10-30 (+10)"), y=("sampling.sampler", "euler a,LCM"))
    assert manager.grids.plan(asking(grid=axes), owner) == {
        "pictures": 6,
        "axes": [
            {
                "axis": "x",
                "field": "sampling.steps",
                "label": "Steps",
                "values": ["10", "20", "30"],
            },
            {
                "axis": "y",
                "field": "sampling.sampler",
                "label": "Sampler",
                "values": ["Euler a", "LCM"],
            },
        ],
    }


def test_a_thousand_cells_are_settled_in_a_second(manager: PipelineManager, owner: str) -> None:
    axes = grid(x=("sampling.steps", "1-32"), y=("sampling.guidance_scale", "1-16 [32]"))
    began = time.process_time()
    settled = manager._finder.settle(asking(grid=axes), owner)
    assert time.process_time() - began < 1.0
    assert len(settled.variants) == 1024


def test_wildcards_choose_by_the_seed_of_each_picture(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "wildcards"
    with studio(tmp_path) as manager:
        folder.mkdir()
        (folder / "colour.txt").write_text("red\ngreen\nblue\n")
        prompt = "a __colour__ {star|circle|square|moon}"
        job = ended(manager, manager.submit(asking(prompt, batch_size=8, seed=1, **SMALL), "ada"))
        found = [made(manager, job, index) for index in range(8)]
        again = ended(manager, manager.submit(asking(prompt, seed=3, **SMALL), "ada"))

        assert len({r.prompt for r in found}) > 3
        assert {r.template for r in found} == {prompt}
        assert made(manager, again, 0).prompt == found[2].prompt
        assert manager._finder.settle(found[2], "ada").request.prompt == found[2].prompt
        tried = manager.words.tried(prompt, "", 1, 8)
        assert [one.prompt for one in tried] == [r.prompt for r in found]


def test_words_stay_where_only_noise_is_varied(manager: PipelineManager, owner: str) -> None:
    fields = {"batch_size": 4, "seed": 5, "noise.variation_strength": 0.1}
    request = asking("{a|b|c|d|e|f|g|h}", **SMALL).changed(fields)
    settled = manager._finder.settle(request, owner)
    assert [set(one.changes) for one in settled.variants] == [
        set(),
        *[{"noise.variation_seed"}] * 3,
    ]


def test_cells_of_other_checkpoints_go_in_parts(tmp_path: Path) -> None:
    with studio(tmp_path, max_active_pictures=4) as manager:
        paper_checkpoint.write(tmp_path / "models" / "other")
        ready(manager)
        sent: list[Any] = []
        send = manager._gpu.send
        manager._gpu.send = lambda message: (sent.append(message), send(message))[1]  # type: ignore[method-assign]
        axes = grid(x=("checkpoint", "paper,other"), y=("sampling.steps", "2,3"))
        job = ended(manager, manager.submit(asking(grid=axes, **SMALL), "ada"))
        submits = [one for one in sent if hasattr(one, "pictures")]

        assert job.state == "done"
        told = [(one.checkpoint.name, [task.index for task in one.pictures]) for one in submits]
        assert told == [("paper", [0, 2]), ("other", [1, 3])]
        assert [made(manager, job, index).checkpoint for index in range(4)] == [
            "paper",
            "other",
        ] * 2


def test_the_pictures_of_one_checkpoint_come_together(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        paper_checkpoint.write(tmp_path / "models" / "other")
        axes = grid(x=("checkpoint", "paper,other"), y=("seed", "1-3"))
        manager._dispatcher.is_closing = True  # nothing goes to the worker meanwhile
        job = manager.submit(asking(grid=axes, **SMALL), "ada")
        order = manager._desk.ask(lambda: in_order(manager._docket.get(job.id)))  # type: ignore[arg-type]

    assert order == [0, 2, 4, 1, 3, 5]


def test_a_file_that_vanishes_costs_its_cells_alone(tmp_path: Path) -> None:
    with studio(tmp_path, max_active_pictures=1) as manager:
        paper_checkpoint.write(tmp_path / "models" / "other")
        axes = grid(x=("checkpoint", "paper,other"))
        blocker = manager.submit(asking("fake:step=0.05", steps=20, **SMALL), "ada")
        job = manager.submit(asking(grid=axes, **SMALL), "ada")
        (tmp_path / "models" / "other").rename(tmp_path / "gone")
        manager.catalog.look()
        ended(manager, blocker)
        job = ended(manager, job)

        assert [picture.state for picture in job.pictures] == ["done", "failed"]
        assert job.error is not None
        assert "other" in job.error["message"]


def files(folder: Path) -> list[Path]:
    return sorted((folder / "outputs" / "grids").glob("*"))


def test_a_grid_that_is_done_is_kept_and_is_no_picture(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        axes = grid(x=("sampling.steps", "2,3"), y=("seed", "-1,7"))
        job = ended(manager, manager.submit(asking(grid=axes, **SMALL), "ada"))
        until(manager, "ada", lambda: len(files(tmp_path)) == 2)
        assert manager.library.search("ada").total == 4

    page, picture = files(tmp_path)
    assert page.suffix == ".html"
    assert job.id[:16] in picture.name
    with Image.open(picture) as image:
        said = infotext.read(image.info["parameters"])
    assert (said["Script"], said["X Type"], said["X Values"]) == ("X/Y/Z plot", "Steps", "2, 3")
    assert said["Y Values"] != "-1, 7"
    (tmp_path / "outputs" / "grids" / "left.png.part").touch()
    picture.unlink()
    with studio(tmp_path) as manager:
        until(manager, "ada", lambda: files(tmp_path) == [page, picture])  # it ended just before
        assert manager.library.search("ada").total == 4


def test_a_grid_can_be_seen_while_it_is_made(manager: PipelineManager, owner: str) -> None:
    axes = grid(x=("sampling.steps", "1,60"))
    job = manager.submit(asking("fake:step=0.05", grid=axes, **SMALL), owner)
    with pytest.raises(Exception, match="No picture of this grid"):
        manager.grids.png(job)
    job = in_state(manager, job, lambda now: now.pictures[0].state == "done")

    assert manager.grids.png(job).startswith(b"\x89PNG")
    assert "develops" in manager.grids.html(job)
    manager.cancel(job.id, owner)
    ended(manager, job)


def test_what_is_no_grid_has_none(manager: PipelineManager, owner: str) -> None:
    job = ended(manager, manager.submit(asking(**SMALL), owner))
    with pytest.raises(NotFound, match="is no grid"):
        manager.grids.layout(job)


def test_what_a_part_costs_is_counted_by_the_steps_of_its_own_pictures(tmp_path: Path) -> None:
    with studio(tmp_path, max_active_pictures=2) as manager:
        manager._dispatcher.is_closing = True  # nothing goes to the worker meanwhile
        axes = grid(x=("sampling.steps", "10,20,30,40"))
        job = manager.submit(asking(grid=axes, **SMALL), "ada")

        def costs() -> tuple[float, ...]:
            entry = manager._docket.get(job.id)
            assert entry is not None
            return manager._dispatcher._turn(entry, is_shared=False).costs_seconds

        first, second = manager._desk.ask(costs)

    assert second / first == pytest.approx(70 / 30)
