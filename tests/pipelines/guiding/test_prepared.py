"""Prepared pictures lie on the disk once, whole, for as long as jobs use them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import DiskFull
from pipelines.guiding import prepared as module
from pipelines.guiding.guides import Control
from pipelines.guiding.prepared import KEPT_SECONDS, Prepared, is_used
from tests.pipelines.guiding.test_preprocessing import boxed

SIZE = (64, 64)


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    boxed((300, 200)).save(path, "PNG")
    return path


def seen(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def files(folder: Path) -> list[Path]:
    return sorted((folder / "guides").iterdir())


def test_the_same_is_made_once_and_another_one_lies_elsewhere(tmp_path: Path, upload: Path) -> None:
    store, control = Prepared(tmp_path), Control(image="a", preprocessor="canny", weight=0.3)
    first = store.make_control(upload, control, SIZE)
    upload.unlink()  # it is needed no more

    assert store.make_control(upload, Control(image="a", preprocessor="canny"), SIZE) == first
    assert first == store.control(control, SIZE)
    assert files(tmp_path) == [first]
    assert seen(first).size == SIZE
    others = [
        store.control(Control(image="b", preprocessor="canny"), SIZE),
        store.control(Control(image="a", preprocessor="line"), SIZE),
        store.control(Control(image="a", preprocessor="canny", resize="fit"), SIZE),
        store.control(control, (64, 72)),
        store.prompt("a"),
    ]
    assert len({first, *others}) == 6


def test_an_image_prompt_is_the_picture_itself_made_smaller_if_it_is_large(
    tmp_path: Path, upload: Path
) -> None:
    store = Prepared(tmp_path)
    large = tmp_path / "large"
    boxed((2000, 500)).save(large, "PNG")

    small = store.make_prompt(upload, "a")

    assert np.array_equal(np.asarray(seen(small)), np.asarray(seen(upload)))
    assert seen(store.make_prompt(large, "b")).size == (1024, 256)


def test_what_nobody_used_for_a_month_is_swept(tmp_path: Path, upload: Path) -> None:
    store = Prepared(tmp_path)
    old, used = (store.make_prompt(upload, name) for name in ("old", "used"))
    (tmp_path / "guides" / "x.part").write_bytes(b"half")
    for path in (old, used):
        os.utime(path, (0, os.stat(path).st_mtime - KEPT_SECONDS - 9))
    assert is_used(used)

    Prepared(tmp_path)

    assert files(tmp_path) == [used]
    assert not is_used(old)


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_part", full)

    with pytest.raises(DiskFull):
        Prepared(tmp_path).make_prompt(upload, "a")

    assert files(tmp_path) == []
