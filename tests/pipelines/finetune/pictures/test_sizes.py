"""Training sizes and crops: little is cut off, what matters stays, and no picture leaves its edges."""

from __future__ import annotations

import random

import pytest

from pipelines.finetune.pictures.sizes import crop_for, enlargement, lost, size_for, sizes


@pytest.mark.parametrize("resolution", [64, 128, 192, 512, 768, 1024, 2048])
def test_sizes_have_the_area_of_the_resolution_and_never_more(resolution: int) -> None:
    found = sizes(resolution)

    assert (resolution, resolution) in found
    for width, height in found:
        assert width % 64 == height % 64 == 0
        assert 0.5 <= width / height <= 2
        assert width * height <= resolution**2
        assert (height, width) in found


def test_the_sizes_at_512_are_those_of_aspect_buckets() -> None:
    assert sizes(512) == (
        (384, 640), (448, 576), (512, 512), (576, 448), (640, 384),
    )  # fmt: skip
    assert len(sizes(1024)) > 10


def test_a_square_is_trained_square_and_a_photograph_upright_or_across() -> None:
    assert size_for(3000, 3000, 512) == (512, 512)
    assert size_for(3000, 4000, 512) == (448, 576)
    assert size_for(1920, 1080, 512) == (640, 384)
    assert size_for(1080, 1920, 1024) == (768, 1344)


def test_panoramas_get_the_widest_size_there_is() -> None:
    assert size_for(20_000, 10, 512) == (640, 384)
    assert size_for(10, 20_000, 128) == (128, 128)


def test_most_of_an_ordinary_photograph_is_kept_at_1024() -> None:
    for picture in [(4000, 3000), (3000, 2000), (1920, 1080), (1080, 1350), (800, 800)]:
        crop = crop_for(picture, size_for(*picture, 1024), (0, 0, *picture))
        assert crop[2] * crop[3] > 0.94 * picture[0] * picture[1]


def test_a_crop_is_as_large_as_can_be_and_stays_inside() -> None:
    lot = random.Random(1)
    for _ in range(500):
        picture = lot.randint(1, 5000), lot.randint(1, 5000)
        size = size_for(*picture, lot.choice([64, 128, 512, 1024]))
        focus = (lot.uniform(-50, 5000), lot.uniform(-50, 5000), 5000.0, 5000.0)

        x, y, width, height = crop_for(picture, size, focus)

        assert 0 <= x <= picture[0] - width
        assert 0 <= y <= picture[1] - height
        assert width >= 1 <= height
        assert width == picture[0] or height == picture[1]


def test_a_crop_lies_round_the_middle_of_what_matters() -> None:
    assert crop_for((1000, 500), (512, 512), (700, 100, 800, 300)) == (500, 0, 500, 500)
    assert crop_for((1000, 500), (512, 512), (300, 100, 500, 300)) == (150, 0, 500, 500)
    assert crop_for((1000, 500), (512, 512), (0, 0, 20, 20)) == (0, 0, 500, 500)


def test_enlargement_and_loss_are_told_in_shares() -> None:
    assert enlargement((0, 0, 256, 256), (512, 512)) == 2
    assert enlargement((0, 0, 1024, 1024), (512, 512)) == 0.5
    assert lost((0, 0, 100, 100), (10, 10, 50, 50)) == 0
    assert lost((0, 0, 100, 100), (50, 0, 150, 100)) == 0.5
    assert lost((0, 0, 100, 100), (200, 0, 300, 100)) == 1
