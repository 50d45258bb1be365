"""Class pictures: each is drawn once, by the ordinary recipe, and again only when its file is damaged or another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import DiskFull
from pipelines.worker.finetune.messages import Lesson, Train, TrainingStage
from pipelines.worker.finetune.priors import priors
from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import run, shop_of, train
from tests.pipelines.worker.workbench import Workbench, alone


def drawn(bench: Workbench, asked: Train) -> tuple[tuple[Lesson, ...], list[str]]:
    """The lessons, and what was said meanwhile."""
    before = len(bench.said)
    lessons = run(bench, priors(shop_of(bench), asked))
    stages = [one.text for one in bench.said[before:] if isinstance(one, TrainingStage)]
    return lessons, stages


def levels(path: str | Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_each_request_becomes_its_ordinary_picture(toy: CheckpointRef, tmp_path: Path) -> None:
    lessons, stages = drawn(Workbench(toy), train(tmp_path, toy, priors=2))

    assert stages == ["drawing 1 of 2 class pictures", "drawing 2 of 2 class pictures"]
    assert [lesson.caption for lesson in lessons] == ["a boat", "a boat"]
    assert [Path(lesson.path) for lesson in lessons] == [
        tmp_path / "prior/0000.png",
        tmp_path / "prior/0001.png",
    ]
    for lesson, seed in zip(lessons, (100, 101), strict=True):
        wanted = alone(toy, prompt="a boat", steps=1, seed=seed).numpy()
        assert (levels(lesson.path).reshape(-1) == wanted).all()
    assert not any(lesson.is_held_out for lesson in lessons)


def test_a_training_that_was_killed_draws_only_what_is_missing(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy, priors=3)
    course = priors(shop_of(bench), asked)
    while not (tmp_path / "prior/0001.png").exists():
        next(course)
        bench.run()
    course.close()

    lessons, stages = drawn(Workbench(toy), asked)

    assert stages == ["drawing 3 of 3 class pictures"]
    assert len(lessons) == 3
    assert drawn(Workbench(toy), asked) == (lessons, [])


DAMAGES = {
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "empty": lambda file: file.write_bytes(b""),
    "no picture": lambda file: file.write_text("<html>"),
    "without its origin": lambda file: Image.new("RGB", (64, 64)).save(file),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_drawn_again(toy: CheckpointRef, tmp_path: Path, damage: object) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy, priors=2)
    lessons, _ = drawn(bench, asked)
    before = levels(lessons[1].path)
    assert callable(damage)
    damage(Path(lessons[1].path))

    again, stages = drawn(bench, asked)

    assert stages == ["drawing 2 of 2 class pictures"]
    assert again == lessons
    assert (levels(lessons[1].path) == before).all()


def test_a_picture_of_another_request_or_checkpoint_is_drawn_again(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy, priors=2)
    drawn(bench, asked)
    other = {**asked.priors[0], "prompt": "a ship"}

    lessons, stages = drawn(bench, replace(asked, priors=(other, asked.priors[1])))

    assert stages == ["drawing 1 of 2 class pictures"]
    assert lessons[0].caption == "a ship"
    changed = replace(asked, checkpoint=replace(toy, version="changed"))
    assert len(drawn(Workbench(changed.checkpoint), changed)[1]) == 2


def test_a_disk_that_takes_no_more_is_named(toy: CheckpointRef, tmp_path: Path) -> None:
    (tmp_path / "prior").write_text("where a folder should be")

    with pytest.raises(DiskFull, match="prior"):
        drawn(Workbench(toy), train(tmp_path, toy, priors=1))


def test_a_training_that_is_left_meanwhile_leaves_nothing_behind(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(toy)
    course = priors(shop_of(bench), train(tmp_path, toy, priors=1))
    next(course)
    course.close()

    assert not bench.engine.turn()  # nothing sleeps there any more
    assert not (tmp_path / "prior").exists()
    bench.models.unload(toy.name)
    assert bench.models.names == ()  # and nobody holds the model
