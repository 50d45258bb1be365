"""The pictures of a training in its folder: as they came and as they are trained, or none of them."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.errors import DiskFull, RequestError, UploadError
from pipelines.finetune.pictures import focus, preparing
from pipelines.finetune.pictures.intake import Sent, examine
from pipelines.finetune.pictures.looking import Looks
from pipelines.finetune.pictures.preparing import crop_path, original_path, prepare
from pipelines.finetune.plan import Plan
from pipelines.finetune.training import Example
from tests.pipelines.finetune.pictures.uploads import drawing, texture, written

PLAN = Plan(name="Zorp", trigger="zorp", class_word="dog", resolution=128)


@pytest.fixture(autouse=True)
def without_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus, "faces", lambda picture, folder: [])


def prepared(folder: Path, pictures: list[Sent], **changes: Any) -> tuple[Example, ...]:
    looks = Looks()
    return prepare(folder, pictures, examine(pictures, replace(PLAN, **changes), looks), looks)


def test_every_picture_is_kept_as_it_came_and_as_it_is_trained(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(1), texture(2, (300, 200)), texture(3, (200, 300))])

    examples = prepared(tmp_path / "trainings/a", pictures, resolution=192)

    assert [one.size for one in examples] == [(192, 192), (256, 128), (128, 256)]
    for one, picture in zip(examples, pictures, strict=True):
        with Image.open(crop_path(tmp_path / "trainings/a", one.index)) as crop:
            assert (crop.format, crop.mode, crop.size) == ("PNG", "RGB", one.size)
        original = original_path(tmp_path / "trainings/a", one.index)
        assert original.read_bytes() == picture.path.read_bytes()


def test_a_crop_of_its_own_size_has_the_pixels_of_the_picture(tmp_path: Path) -> None:
    picture = texture(1, (300, 200))
    pictures = [replace(written(tmp_path, [picture])[0], crop=(30, 40, 128, 128))]

    prepared(tmp_path / "t", pictures)

    with Image.open(crop_path(tmp_path / "t", 0)) as crop:
        assert np.array_equal(np.asarray(crop), np.asarray(picture)[40:168, 30:158])


def test_what_is_transparent_is_trained_on_the_ground_that_was_told(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
    ImageDraw.Draw(clear).ellipse((30, 30, 90, 90), fill=(200, 30, 40, 255))

    prepared(tmp_path / "t", written(tmp_path, [clear]))

    with Image.open(crop_path(tmp_path / "t", 0)) as crop:
        assert crop.getpixel((2, 2)) == (255, 255, 255)
        assert crop.getpixel((60, 60)) == (200, 30, 40)


def test_what_is_left_out_gets_no_index(tmp_path: Path) -> None:
    first, second, third = written(tmp_path, [drawing(n) for n in range(3)])

    examples = prepared(tmp_path / "t", [first, second, first, replace(third, is_held_out=True)])

    assert [(one.index, one.is_held_out) for one in examples] == [(0, False), (1, False), (2, True)]
    assert len(list((tmp_path / "t/crops").iterdir())) == 3


def test_deleting_the_training_leaves_the_upload_and_the_other_way_round(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(1)])
    before = pictures[0].path.read_bytes()

    prepared(tmp_path / "t", pictures)
    pictures[0].path.unlink()

    assert original_path(tmp_path / "t", 0).read_bytes() == before


def test_where_links_are_not_allowed_pictures_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refused)
    pictures = written(tmp_path, [drawing(1)])

    prepared(tmp_path / "t", pictures)

    assert original_path(tmp_path / "t", 0).read_bytes() == pictures[0].path.read_bytes()


def test_a_problem_is_raised_before_anything_is_written(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(1), Image.new("RGB", (1, 1))])

    with pytest.raises(RequestError) as caught:
        prepared(tmp_path / "t", pictures)

    assert caught.value.field == "examples.1.image"
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("is_new", [True, False])
def test_a_full_disk_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    pictures, folder = written(tmp_path, [drawing(n) for n in range(3)]), tmp_path / "t"
    if not is_new:
        folder.mkdir()
        (folder / "training.json").write_text("{}")

    def full(path: Path) -> None:
        if path.name == "001.png":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(preparing, "sync_file", full)

    with pytest.raises(DiskFull) as caught:
        prepared(folder, pictures)

    assert "full" in caught.value.message
    assert [p.name for p in folder.glob("*")] == ([] if is_new else ["training.json"])


def test_a_picture_that_goes_meanwhile_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    pictures, looks = written(tmp_path, [drawing(n) for n in range(3)]), Looks()
    proposals = examine(pictures, PLAN, looks)
    pictures[2].path.unlink()

    with pytest.raises(UploadError):
        prepare(tmp_path / "t", pictures, proposals, looks)

    assert not (tmp_path / "t").exists()
