"""Crop regions, resizes and step counts: the numbers that AUTOMATIC1111 gives for the same input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.editing.geometry import (
    Size,
    around,
    contain,
    cover,
    extended,
    size_like,
    steps_taken,
    widened,
)
from pipelines.editing.source import Region

Box = tuple[int, int, int, int]
SIDES = st.integers(1, 5000)


def region(box: Box) -> Region:
    return Region(left=box[0], top=box[1], right=box[2], bottom=box[3])


@pytest.mark.parametrize(
    ("picture", "mask", "padding", "target", "padded", "whole"),
    [
        (
            (512, 512),
            (100, 100, 228, 132),
            0,
            (512, 512),
            (100, 100, 228, 132),
            (100, 52, 228, 180),
        ),
        (
            (1024, 768),
            (900, 700, 1000, 760),
            32,
            (512, 512),
            (868, 668, 1024, 768),
            (868, 612, 1024, 768),
        ),
        ((640, 480), (300, 10, 310, 470), 32, (512, 768), (268, 0, 342, 480), (145, 0, 465, 480)),
        ((300, 200), (10, 10, 12, 12), 0, (512, 512), (10, 10, 12, 12), (10, 10, 12, 12)),
    ],
)
def test_only_masked_sees_the_region_that_automatic1111_sees(
    picture: Size, mask: Box, padding: int, target: Size, padded: Box, whole: Box
) -> None:
    found = around(region(mask), padding, picture)
    assert found.box == padded
    assert widened(found, target, picture).box == whole


@pytest.mark.parametrize(
    ("source", "target", "placing"),
    [
        ((512, 768), (512, 512), ((512, 768), 0, -128)),
        ((300, 300), (640, 448), ((640, 640), 0, -96)),
    ],
)
def test_crop_and_resize_covers_the_target(source: Size, target: Size, placing: object) -> None:
    assert cover(source, target) == placing


@pytest.mark.parametrize(
    ("source", "target", "placing"),
    [
        ((512, 768), (512, 512), ((341, 512), 86, 0)),
        ((300, 300), (640, 448), ((448, 448), 96, 0)),
    ],
)
def test_resize_and_fill_shows_all_of_the_source(
    source: Size, target: Size, placing: object
) -> None:
    assert contain(source, target) == placing


@pytest.mark.parametrize(
    ("steps", "strength", "evaluations"),
    [(20, 0.05, 2), (20, 0.5, 11), (20, 1.0, 20), (30, 0.25, 8), (30, 0.75, 23), (20, 0.0, 0)],
)
def test_img2img_denoises_as_often_as_automatic1111(
    steps: int, strength: float, evaluations: int
) -> None:
    """But for strength 0, where it denoises once and we give the picture back as it is."""
    assert steps_taken(steps, strength) == evaluations


@given(picture=st.tuples(SIDES, SIDES), target=st.tuples(SIDES, SIDES), data=st.data())
def test_a_region_holds_what_it_is_around_and_stays_in_the_picture(
    picture: Size, target: Size, data: st.DataObject
) -> None:
    left = data.draw(st.integers(0, picture[0] - 1))
    top = data.draw(st.integers(0, picture[1] - 1))
    right = data.draw(st.integers(left + 1, picture[0]))
    bottom = data.draw(st.integers(top + 1, picture[1]))
    mask = region((left, top, right, bottom))
    found = widened(around(mask, data.draw(st.integers(0, 512)), picture), target, picture)
    assert 0 <= found.left <= mask.left
    assert mask.right <= found.right <= picture[0]
    assert 0 <= found.top <= mask.top
    assert mask.bottom <= found.bottom <= picture[1]


@given(source=st.tuples(SIDES, SIDES), target=st.tuples(SIDES, SIDES))
def test_cover_leaves_nothing_empty_and_contain_cuts_nothing_off(
    source: Size, target: Size
) -> None:
    covering, contained = cover(source, target), contain(source, target)
    assert all(a >= b for a, b in zip(covering.size, target, strict=True))
    assert all(a <= b for a, b in zip(contained.size, target, strict=True))


def test_sides_follow_the_proportions_of_the_picture() -> None:
    assert size_like((4000, 3000), 512 * 512, (64, 2048)) == (592, 440)
    assert size_like((100, 100), 128 * 128, (64, 2048)) == (128, 128)
    assert size_like((300, 100), 64 * 64, (64, 2048)) == (192, 64)
    assert size_like((10_000, 10), 512 * 512, (64, 2048)) == (2048, 64)


def test_an_extended_picture_is_larger_by_what_is_added() -> None:
    assert extended((100, 50), (8, 16, 24, 32)) == (132, 98)
