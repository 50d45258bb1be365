"""Projects in a running studio: steps become jobs, one after another, and what was made is kept."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines import Job, NotFound, PipelineManager, Refused, RequestError
from pipelines.errors import StudioError
from pipelines.output import metadata
from pipelines.projects import runner
from pipelines.projects.project import Project
from pipelines.projects.telling import as_dict
from pipelines.projects.tools import Setting, Tool
from tests.pipelines.projects.house import (
    add,
    asking,
    edited,
    mask,
    named,
    new,
    photo,
    settled,
    source_of,
    states,
    steps,
    when,
)
from tests.studio import OWNER, in_state, ready, studio, until


def dim(picture: Image.Image, strength: float) -> Image.Image:
    if strength > 0.9:
        raise ZeroDivisionError("nothing is left")
    return picture.point(lambda value: round(value * (1 - strength)))


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    table = {"dim": Tool("darker", dim, {"strength": Setting(0.5, (0.0, 1.0))})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.manager.manager.TOOLS", table)
        with studio(tmp_path_factory.mktemp("studio")) as one:
            ready(one)
            yield one


# ---- the chain -----------------------------------------------------------------------------------------


def test_steps_are_made_one_after_another_each_from_the_result_before(
    manager: PipelineManager,
) -> None:
    project = edited(manager, "sky", "door", "cat")

    assert states(project) == ["done"] * 3
    images = [project.base, *(step["image"] for step in steps(project))]
    assert [step["source"] for step in steps(project)] == images[:-1]
    assert [source_of(manager, project, name) for name in ("sky", "door", "cat")] == images[:-1]
    assert as_dict(project)["image"] == images[-1]


def test_a_result_is_the_picture_in_the_library_to_the_bit(manager: PipelineManager) -> None:
    project = edited(manager, "sky", format="jpeg")

    (step,) = steps(project)
    file = manager.library.file(step["picture_id"], OWNER)

    assert file.suffix == ".png"  # of what later steps start from, nothing is lost
    with (
        Image.open(file) as made,
        Image.open(manager.assets.get(step["image"], OWNER).path) as kept,
    ):
        assert made.tobytes() == kept.convert("RGB").tobytes()


def test_a_seed_is_rolled_once(manager: PipelineManager) -> None:
    project = edited(manager, "sky")
    before = named(project, "sky")
    assert before.request is not None
    assert before.request["seed"] >= 0

    manager.projects.replay(project.id, OWNER, before.id)
    again = named(settled(manager, project), "sky")

    assert again.request == before.request
    assert again.results[-1].image == before.results[-1].image
    assert again.results[-1].picture_id != before.results[-1].picture_id


def test_what_follows_from_the_picture_stays_open(manager: PipelineManager) -> None:
    project = new(manager, data=photo(size=(96, 64)))
    upload = manager.assets.add(mask((96, 64)), OWNER).id
    inpainting = {"mask": upload, "area": "picture"}
    add(manager, project, "sky", width=None, height=None, inpainting=inpainting)

    request = named(settled(manager, project), "sky").request

    assert request is not None
    assert (request["width"], request["inpainting"]["region"]) == (None, None)
    assert request["checkpoint"] == "paper"
    assert request["source"]["image"] == ""


def test_a_step_that_cannot_be_begun_is_refused_and_leaves_no_trace(
    manager: PipelineManager,
) -> None:
    project = edited(manager, "sky")

    with pytest.raises(RequestError) as caught:
        add(manager, project, "door", inpainting={"mask": "f" * 32})

    assert caught.value.field == "inpainting.mask"
    assert manager.projects.get(project.id, OWNER) == project


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "request"),
        ({"request": asking(), "tool": {"tool": "dim"}}, "request"),
        ({"request": asking(source=None)}, "source"),
        ({"request": asking(source={"power": 1})}, "source.power"),
        ({"request": 5}, "request"),
        ({"tool": {"tool": "melt"}}, "tool"),
    ],
)
def test_what_a_step_cannot_be_is_named(
    manager: PipelineManager, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        manager.projects.step(values, "")

    assert caught.value.field == field


def test_the_same_click_is_one_step(manager: PipelineManager) -> None:
    project = new(manager)
    for _ in range(2):
        step = manager.projects.step({"request": asking()}, "sky", "click-1")
        manager.projects.append(project.id, OWNER, step)

    assert states(settled(manager, project)) == ["done"]


# ---- undo, switches, changes ---------------------------------------------------------------------------


def test_a_new_step_after_an_undo_starts_from_what_is_left(manager: PipelineManager) -> None:
    project = edited(manager, "sky", "door")

    manager.projects.undo(project.id, OWNER)
    add(manager, project, "cat")
    now = settled(manager, project)

    assert [step.name for step in now.steps] == ["sky", "cat"]
    assert source_of(manager, now, "cat") == steps(project)[0]["image"]


def test_switching_an_early_step_off_replays_the_later_ones_and_on_finds_them_again(
    manager: PipelineManager,
) -> None:
    project = edited(manager, "sky", "door")
    sky = named(project, "sky").id

    manager.projects.change(project.id, OWNER, sky, {"is_enabled": False})
    off = settled(manager, project)
    on = manager.projects.change(project.id, OWNER, sky, {"is_enabled": True})

    assert source_of(manager, off, "door") == project.base
    assert states(on) == ["done", "done"]
    assert as_dict(on)["image"] == as_dict(project)["image"]


def test_a_change_of_an_early_step_replays_the_later_ones_from_its_new_result(
    manager: PipelineManager,
) -> None:
    project = edited(manager, "sky", "door")
    sky = named(project, "sky")
    changed = {"request": {**(sky.request or {}), "prompt": "night"}}

    at_once = manager.projects.change(project.id, OWNER, sky.id, changed)
    now = settled(manager, project)

    assert states(at_once) == ["running", "stale"]
    assert states(now) == ["done", "done"]
    assert steps(now)[0]["image"] != steps(project)[0]["image"]
    assert source_of(manager, now, "door") == steps(now)[0]["image"]


def test_a_change_that_cannot_be_is_refused_and_all_stays(manager: PipelineManager) -> None:
    project = edited(manager, "sky", "door")
    sky = named(project, "sky")

    with pytest.raises(RequestError) as caught:
        manager.projects.change(
            project.id, OWNER, sky.id, {"request": {**(sky.request or {}), "checkpoint": "none"}}
        )

    assert caught.value.field == "checkpoint"
    assert manager.projects.get(project.id, OWNER) == project


def test_another_picture_of_the_batch_is_picked(manager: PipelineManager) -> None:
    project = edited(manager, "sky", batch_size=3)
    add(manager, project, "door")
    project = settled(manager, project)
    sky = steps(project)[0]
    assert sky["picture_id"] == sky["pictures"][0]

    manager.projects.change(project.id, OWNER, sky["id"], {"picture": sky["pictures"][2]})
    now = settled(manager, project)

    assert steps(now)[0]["picture_id"] == sky["pictures"][2]
    assert steps(now)[0]["pictures"] == sky["pictures"]
    assert source_of(manager, now, "door") == steps(now)[0]["image"] != sky["image"]
    door = steps(now)[1]
    with pytest.raises(RequestError, match="not made by this step"):
        manager.projects.change(project.id, OWNER, door["id"], {"picture": sky["pictures"][0]})


def test_a_step_without_a_model_is_made_by_its_tool(manager: PipelineManager) -> None:
    project = new(manager, data=photo("white"))
    step = manager.projects.step({"tool": {"tool": "dim"}}, "dim")

    manager.projects.append(project.id, OWNER, step)
    add(manager, project, "sky")
    now = settled(manager, project)

    with Image.open(manager.assets.get(steps(now)[0]["image"], OWNER).path) as picture:
        assert picture.convert("RGB").getpixel((3, 3)) == (128, 128, 128)
    assert source_of(manager, now, "sky") == steps(now)[0]["image"]


def test_a_tool_that_fails_says_so_and_stops_the_chain(manager: PipelineManager) -> None:
    project = new(manager)
    step = manager.projects.step({"tool": {"tool": "dim", "strength": 1.0}}, "dim")
    manager.projects.append(project.id, OWNER, step)

    now = settled(manager, project)

    assert states(now) == ["failed"]
    assert "nothing is left" in steps(now)[0]["error"]["message"]
    again = {"tool": {"tool": "dim", "strength": 0.1}}
    manager.projects.change(project.id, OWNER, step.id, again)
    assert states(settled(manager, project)) == ["done"]


# ---- what goes wrong -----------------------------------------------------------------------------------


def test_a_cancelled_job_stops_the_chain_until_it_is_tried_again(manager: PipelineManager) -> None:
    project = add(manager, new(manager), "sky fake:step=0.05", steps=100)
    add(manager, project, "door")
    job_id = steps(project)[0]["job_id"]
    in_state(manager, manager.job(job_id, OWNER), "running")

    manager.cancel(job_id, OWNER)
    stopped = settled(manager, project)

    assert states(stopped) == ["cancelled", "waiting"]
    with pytest.raises(RequestError, match="cancelled"):
        add(manager, project, "cat")
    assert states(manager.projects.replay(project.id, OWNER)) == ["running", "waiting"]
    manager.projects.trash(project.id, OWNER)


def test_a_cancelled_job_that_is_queued_again_makes_its_step_after_all(
    manager: PipelineManager,
) -> None:
    project = add(manager, new(manager), "sky fake:step=0.05", steps=10)
    job_id = steps(project)[0]["job_id"]
    manager.cancel(job_id, OWNER)
    assert states(settled(manager, project)) == ["cancelled"]

    manager.requeue(job_id, OWNER)
    now = when(manager, project, lambda one: states(one) == ["done"])

    assert steps(now)[0]["job_id"] == job_id


def test_a_failed_job_tells_why_and_later_results_stay(manager: PipelineManager) -> None:
    project = edited(manager, "sky", "door")
    sky = named(project, "sky")

    bad = {**(sky.request or {}), "prompt": "sky fake:oom"}
    manager.projects.change(project.id, OWNER, sky.id, {"request": bad})
    now = settled(manager, project)

    assert states(now) == ["failed", "stale"]
    assert steps(now)[0]["error"]["code"] == "out_of_memory"
    assert steps(now)[1]["image"] == steps(project)[1]["image"]


def test_a_mask_that_no_longer_fits_fails_its_step_alone(manager: PipelineManager) -> None:
    project = new(manager)
    add(manager, project, "sky")
    upload = manager.assets.add(mask(), OWNER).id
    add(manager, project, "door", inpainting={"mask": upload, "area": "picture"})
    project = settled(manager, project)
    assert states(project) == ["done", "done"]
    sky = named(project, "sky")

    wider = {
        **(sky.request or {}),
        "source": {"strength": 1.0, "extend_left": 32},
        "inpainting": {"area": "picture"},
    }
    manager.projects.change(project.id, OWNER, sky.id, {"request": wider})
    now = settled(manager, project)

    assert states(now) == ["done", "failed"]
    assert steps(now)[1]["error"]["field"] == "inpainting.mask"
    assert "64 × 64" in steps(now)[1]["error"]["message"]


def test_a_job_that_nobody_waits_for_any_more_is_cancelled(manager: PipelineManager) -> None:
    project = add(manager, new(manager), "sky fake:step=0.05", steps=150)
    job = manager.job(steps(project)[0]["job_id"], OWNER)
    in_state(manager, job, "running")

    manager.projects.undo(project.id, OWNER)

    in_state(manager, job, "cancelled")
    assert states(manager.projects.get(project.id, OWNER)) == ["waiting"]


def test_a_replay_from_a_step_that_runs_cancels_its_job(manager: PipelineManager) -> None:
    project = add(manager, new(manager), "sky fake:step=0.05", steps=100)
    step = steps(project)[0]

    manager.projects.replay(project.id, OWNER, step["id"])

    in_state(manager, manager.job(step["job_id"], OWNER), "cancelled")
    now = steps(manager.projects.get(project.id, OWNER))[0]
    assert (now["state"], now["job_id"] != step["job_id"]) == ("running", True)
    manager.projects.trash(project.id, OWNER)


def test_a_full_queue_puts_the_chain_off(
    manager: PipelineManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = add(manager, new(manager), "sky fake:step=0.05", steps=10)
    add(manager, project, "door")
    submit = manager.submit
    refused: list[Any] = []

    def full(*asked: Any) -> Any:
        if not refused:
            refused.append(asked)
            raise Refused("The queue is full.", retry_after_seconds=0)
        return submit(*asked)

    monkeypatch.setattr(manager, "submit", full)

    assert states(settled(manager, project)) == ["done", "done"]
    assert refused


# ---- whose, where, how it is told ----------------------------------------------------------------------


def test_another_owners_project_is_not_there(manager: PipelineManager) -> None:
    project = edited(manager, "sky")
    projects, key = manager.projects, (project.id, "eve")
    step = projects.step({"request": asking()}, "")
    acts: list[Callable[[], object]] = [
        lambda: projects.get(*key),
        lambda: projects.append(*key, step),
        lambda: projects.change(*key, step.id, {"is_enabled": False}),
        lambda: projects.undo(*key),
        lambda: projects.redo(*key),
        lambda: projects.replay(*key),
        lambda: projects.trash(*key),
        lambda: projects.restore(*key),
        lambda: projects.rename(*key, "mine"),
        lambda: projects.write_file(*key, io.BytesIO()),
        lambda: projects.reopen(steps(project)[0]["picture_id"], "eve"),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    with pytest.raises(RequestError):
        projects.create(project.base, "eve")
    assert projects.of_owner("eve") == ([], [])
    assert projects.edits("eve", f"project/{project.id}/{step.id}/1") is None


def test_followers_hear_of_what_becomes_of_a_project(manager: PipelineManager) -> None:
    owner = "follower"
    before = manager.projects.version(owner)
    project = add(manager, new(manager, owner), "sky")
    begun = manager.projects.version(owner)

    until(manager, owner, lambda: manager.projects.version(owner) > begun)

    assert begun > before
    assert states(settled(manager, project)) == ["done"]


def test_the_trash_holds_a_project_and_cancels_what_it_does(manager: PipelineManager) -> None:
    project = add(manager, new(manager, "tidy"), "sky fake:step=0.05", steps=150)
    job = manager.job(steps(project)[0]["job_id"], "tidy")

    manager.projects.trash(project.id, "tidy")

    in_state(manager, job, "cancelled")
    assert manager.projects.of_owner("tidy") == ([], [])
    assert len(manager.projects.of_owner("tidy", is_trash=True)[0]) == 1
    with pytest.raises(RequestError, match="trash"):
        manager.projects.undo(project.id, "tidy")
    assert manager.projects.restore(project.id, "tidy").trashed is None


# ---- in the files of pictures --------------------------------------------------------------------------


def test_a_picture_tells_of_the_edits_it_builds_on(manager: PipelineManager) -> None:
    project = edited(manager, "sky", "door")

    embedded, _ = metadata.read(manager.library.file(steps(project)[1]["picture_id"], OWNER))

    assert embedded.edits is not None
    assert (embedded.edits.base, embedded.edits.name) == (project.base, "door")
    (sky,) = embedded.edits.steps
    assert (sky.name, sky.image) == ("sky", steps(project)[0]["image"])
    assert sky.request == steps(project)[0]["request"]


def test_a_project_is_reopened_from_a_picture_with_all_its_results(
    manager: PipelineManager,
) -> None:
    project = edited(manager, "sky", "door")
    total = manager.library.search(OWNER).total

    again = manager.projects.reopen(steps(project)[1]["picture_id"], OWNER, "again")

    assert again.id != project.id
    assert [step["image"] for step in steps(again)] == [step["image"] for step in steps(project)]
    assert states(again) == ["done", "done"]
    assert manager.library.search(OWNER).total == total


def test_a_file_that_is_dropped_reopens_the_project_while_its_photo_is_here(
    manager: PipelineManager,
) -> None:
    project = edited(manager, "sky", "door")
    data = manager.library.file(steps(project)[1]["picture_id"], OWNER).read_bytes()
    mine, theirs = (manager.assets.add(data, owner) for owner in (OWNER, "eve"))

    again = manager.projects.reopen_upload(mine.id, OWNER)

    assert mine.as_dict()["edits"] == 2
    assert states(again) == ["done", "done"]
    with pytest.raises(RequestError, match="photo"):
        manager.projects.reopen_upload(theirs.id, "eve")


def test_edits_whose_results_are_not_known_are_made_again(manager: PipelineManager) -> None:
    project = edited(manager, "sky", "door")
    data = manager.library.file(steps(project)[1]["picture_id"], OWNER).read_bytes()
    owner = "newcomer"
    manager.assets.add(photo(), owner)
    upload = manager.assets.add(data, owner)

    again = settled(manager, manager.projects.reopen_upload(upload.id, owner))

    assert [step["image"] for step in steps(again)] == [step["image"] for step in steps(project)]


def test_a_picture_of_no_project_cannot_be_reopened(manager: PipelineManager) -> None:
    project = edited(manager, "sky")
    request = manager.job(named(project, "sky").results[0].job_id, OWNER).request
    job = in_state(manager, manager.submit(replace(request, seed=9), OWNER), "done")

    with pytest.raises(RequestError, match="tells of no edits"):
        manager.projects.reopen(job.pictures[0].picture_id or "", OWNER)


# ---- restarts ------------------------------------------------------------------------------------------


def restarted(folder: Path, project: Project) -> Project:
    with studio(folder) as manager:
        return settled(manager, project)


def test_a_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        project = edited(manager, "sky")
        for name in ("door fake:step=0.05", "cat"):
            add(manager, project, name, steps=20)
        in_state(
            manager, manager.job(steps(project_of(manager, project))[1]["job_id"], OWNER), "running"
        )

    after = restarted(tmp_path, project)

    assert states(after) == ["done"] * 3
    assert [step.attempts for step in after.steps] == [1, 1, 1]
    assert steps(after)[2]["source"] == steps(after)[1]["image"]


def test_what_a_project_needs_is_kept_however_long_nobody_looks(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        project = edited(manager, "sky")
        names = {project.base, steps(project)[0]["image"]}
        stray = manager.assets.add(photo("red"), OWNER).id
        for one in {*names, stray}:
            os.utime(manager.assets.get(one, OWNER).path, (1, 1))

    with studio(tmp_path) as manager:
        assert names == {manager.assets.get(one, OWNER).id for one in names}
        with pytest.raises(NotFound):
            manager.assets.get(stray, OWNER)


def project_of(manager: PipelineManager, project: Project) -> Project:
    return manager.projects.get(project.id, project.owner)


def test_a_job_that_ended_before_its_step_was_written_is_taken_in_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager, monkeypatch.context() as patch:
        patch.setattr(runner.Runner, "heard", lambda *_: None)  # killed right then
        project = add(manager, new(manager), "sky")
        add(manager, project, "door")
        job = in_state(manager, manager.job(steps(project)[0]["job_id"], OWNER), "done")
        assert states(project_of(manager, project)) == ["running", "waiting"]

    after = restarted(tmp_path, project)

    assert states(after) == ["done", "done"]
    assert steps(after)[0]["picture_id"] == job.pictures[0].picture_id


def test_pictures_of_a_job_that_is_forgotten_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager, monkeypatch.context() as patch:
        patch.setattr(runner.Runner, "heard", lambda *_: None)
        project = add(manager, new(manager), "sky", batch_size=2)
        lost = add(manager, new(manager), "fake:oom")
        jobs = [manager.job(steps(one)[0]["job_id"], OWNER) for one in (project, lost)]
        for job in jobs:
            in_state(manager, job, lambda now: now.state in ("done", "failed"))
            manager.remove(job.id, OWNER)

    after, failed = restarted(tmp_path, project), restarted(tmp_path, lost)

    assert states(after) == ["done"]
    assert len(steps(after)[0]["pictures"]) == 2
    assert states(failed) == ["failed"]
    assert "no longer known" in steps(failed)[0]["error"]["message"]


def test_a_job_that_was_submitted_before_its_id_was_written_is_no_second_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager, monkeypatch.context() as patch:
        project = new(manager)
        submit = manager.submit
        made: list[Job] = []

        def killed(*asked: Any) -> Any:
            made.append(submit(*asked))
            raise KeyboardInterrupt

        patch.setattr(manager, "submit", killed)
        with pytest.raises(KeyboardInterrupt):
            add(manager, project, "sky")
        in_state(manager, made[0], "done")

    with studio(tmp_path) as manager:
        after = settled(manager, project)

        assert steps(after)[0]["job_id"] == made[0].id
        assert len(manager.jobs(OWNER)) == 1


def test_a_disk_that_takes_no_result_delays_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PAUSE_SECONDS", 0.0)
    with studio(tmp_path) as manager:
        project = add(manager, new(manager), "sky")
        save = manager.projects._store.save
        failed: list[Project] = []

        def full(one: Project) -> None:
            if not failed:
                failed.append(one)
                raise StudioError("no room")
            save(one)

        monkeypatch.setattr(manager.projects._store, "save", full)

        after = when(manager, project, lambda now: states(now) == ["done"])

        assert failed
        assert steps(after)[0]["image"]
