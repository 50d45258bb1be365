"""A picture's file alone makes it again, mask and source included, with the real worker and the starter model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines import Inpainting, PipelineManager, Request, Sampling, Settings, Source
from pipelines.output import metadata
from pipelines.projects.project import shown
from tests.forked import forking
from tests.pipelines.manager.test_canvases import upload
from tests.pipelines.projects.house import settled
from tests.studio import OWNER, ended, ready

pytestmark = pytest.mark.real
STARTER = Path(__file__).parents[3] / "models"
SIZE = (160, 136)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


def opened(folder: Path) -> PipelineManager:
    manager = PipelineManager(
        Settings(models_dir=(STARTER,), output_dir=folder / "outputs", data_dir=folder / "data"),
        worker_context=forking(),
    )
    manager.start()
    return manager


@pytest.fixture(scope="module")
def manager(folder: Path) -> Iterator[PipelineManager]:
    manager = opened(folder)
    ready(manager)
    yield manager
    manager.stop()


def meadow() -> Image.Image:
    """Sky, hills and grain, so that no pixel is right by chance."""
    levels = np.random.default_rng(2).integers(0, 24, (SIZE[1], SIZE[0], 3), np.uint8)
    levels[:70] += np.array([90, 150, 220], np.uint8)
    levels[70:] += np.array([60, 150, 50], np.uint8)
    return Image.fromarray(levels)


def spot() -> Image.Image:
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).ellipse((80, 60, 140, 120), fill=255)
    return mask


def request(manager: PipelineManager, *, exact: bool, mask: bool = True, **source: Any) -> Request:
    inpainting = Inpainting(mask=upload(manager, spot()), content="fill", padding=8)
    return Request(
        prompt="a red mushroom in a meadow",
        sampling=Sampling(steps=4),
        source=Source(image=upload(manager, meadow()), **{"strength": 1.0, **source}),
        inpainting=inpainting if mask else None,
        width=128,
        height=128,
        seed=11,
        exact=exact,
    )


def made(manager: PipelineManager, asked: Request) -> Path:
    job = ended(manager, manager.submit(asked, OWNER))
    assert job.state == "done", job.error
    return manager.library.file(job.pictures[0].picture_id or "", OWNER)


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def written_in(path: Path) -> Request:
    embedded, _ = metadata.read(path)
    assert embedded.request is not None
    return embedded.request


@pytest.mark.parametrize("mask", [True, False])
def test_exact_pictures_are_made_again_to_the_bit(manager: PipelineManager, mask: bool) -> None:
    first = made(manager, request(manager, exact=True, mask=mask, strength=0.7))

    again = made(manager, written_in(first))

    assert (pixels(again) == pixels(first)).all()
    assert written_in(again) == written_in(first)


def test_beside_other_jobs_a_picture_is_the_same_within_rounding(manager: PipelineManager) -> None:
    first = made(manager, request(manager, exact=False))

    asked = written_in(first)
    others = [manager.submit(Request(prompt="a blue star", width=128, height=128), OWNER)]
    again = made(manager, asked)
    for job in others:
        ended(manager, job)

    assert np.abs(pixels(again) - pixels(first)).max() <= 2


def test_strength_zero_gives_the_picture_back(manager: PipelineManager) -> None:
    asked = request(manager, exact=False, mask=False, strength=0.0, resize="stretch")
    given = Request.from_dict({**asked.as_dict(), "width": SIZE[0], "height": SIZE[1]})

    assert (pixels(made(manager, given)) == np.asarray(meadow())).all()


def test_an_edited_project_replays_to_the_bit_and_back(manager: PipelineManager) -> None:
    """An early step is changed and changed back: the later ones are those of before."""
    project = manager.projects.create(upload(manager, meadow()), OWNER)
    asked = request(manager, exact=True).as_dict() | {"source": {"strength": 1.0}}
    for prompt in ("a red mushroom", "a blue fish"):
        step = manager.projects.step({"request": {**asked, "prompt": prompt}}, prompt)
        manager.projects.append(project.id, OWNER, step)
    before = settled(manager, project)
    first = before.steps[0].id

    changed = {**asked, "prompt": "a yellow star"}
    manager.projects.change(project.id, OWNER, first, {"request": changed})
    between = settled(manager, project)
    manager.projects.replay(project.id, OWNER, first)
    again = settled(manager, project)
    manager.projects.change(
        project.id, OWNER, first, {"request": {**asked, "prompt": "a red mushroom"}}
    )
    after = settled(manager, project)

    assert shown(between) != shown(before)
    assert shown(again) == shown(between)  # ids are hashes of pixels
    assert shown(after) == shown(before)


def test_a_lost_data_folder_does_not_lose_what_a_picture_started_from(tmp_path: Path) -> None:
    manager = opened(tmp_path)
    try:
        first = made(manager, request(manager, exact=True))
        before, asked = pixels(first), written_in(first)
    finally:
        manager.stop()
    shutil.rmtree(tmp_path / "data" / "assets")
    shutil.rmtree(tmp_path / "data" / "guides")

    manager = opened(tmp_path)
    try:
        assert (pixels(made(manager, asked)) == before).all()
    finally:
        manager.stop()
