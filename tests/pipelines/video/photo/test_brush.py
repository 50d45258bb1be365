"""Arrows become a velocity at each cell of what is painted."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.photo.brush import velocity
from pipelines.video.photo.grid import Grid
from pipelines.video.photo.plan import Arrow
from pipelines.video.photo.region import Region

SIZE = (384, 512)
GRID = Grid.of(SIZE, SIZE)


def region(rows: slice, columns: slice) -> Region:
    mask = np.zeros(SIZE, np.uint8)
    mask[rows, columns] = 255
    return Region.read(mask, GRID, "mask")


BAND = region(slice(128, 256), slice(None))


def test_one_arrow_moves_all_of_a_band_at_its_speed() -> None:
    field = velocity(BAND, [Arrow(points=((0.4, 0.5), (0.5, 0.5)), speed=0.2)], "arrows").field

    middle = field[96]
    assert np.allclose(middle[:, 0], 0.2, atol=0.002)
    assert np.allclose(middle[:, 1], 0, atol=0.002)


def test_without_a_speed_an_arrow_is_as_long_as_the_way_of_two_seconds() -> None:
    field = velocity(BAND, [Arrow(points=((0.2, 0.5), (0.6, 0.5)))], "arrows").field

    assert field[96, 100, 0] == pytest.approx(0.2, abs=0.002)


def test_between_two_arrows_the_speed_goes_from_one_to_the_other() -> None:
    slow = Arrow(points=((0.1, 0.34), (0.101, 0.66)), speed=0.1)
    fast = Arrow(points=((0.9, 0.34), (0.901, 0.66)), speed=0.3)
    field = velocity(BAND, [slow, fast], "arrows").field

    speeds = np.linalg.norm(field[96], axis=-1)
    assert speeds[128] == pytest.approx(0.2, abs=0.01)
    assert (np.diff(speeds[30:225]) > 0).all()


def test_it_is_still_at_the_border_and_outside() -> None:
    field = velocity(BAND, [Arrow(points=((0.4, 0.5), (0.5, 0.5)), speed=0.2)], "arrows").field

    assert (field[:64] == 0).all()
    assert (field[128:] == 0).all()
    assert np.linalg.norm(field[64], axis=-1).max() < 0.02
    assert (np.diff(field[64:71, 100, 0]) > 0).all()


def test_it_is_not_still_where_the_region_leaves_the_photo() -> None:
    field = velocity(BAND, [Arrow(points=((0.4, 0.5), (0.5, 0.5)), speed=0.2)], "arrows").field

    assert field[96, 0, 0] > 0.19


def test_the_middle_of_a_narrow_part_moves_at_full_speed() -> None:
    narrow = region(slice(None), slice(240, 256))
    arrow = Arrow(points=((0.485, 0.3), (0.485, 0.7)), speed=0.2)

    assert velocity(narrow, [arrow], "arrows").field[..., 1].max() > 0.19


def test_arrows_outside_have_no_effect() -> None:
    inside = Arrow(points=((0.4, 0.5), (0.5, 0.5)), speed=0.2)
    outside = Arrow(points=((0.5, 0.9), (0.1, 0.9)), speed=0.9)

    alone, both = (velocity(BAND, arrows, "a").field for arrows in ([inside], [inside, outside]))

    assert np.array_equal(alone, both)


def test_only_arrows_outside_are_refused_with_a_remedy() -> None:
    outside = Arrow(points=((0.5, 0.9), (0.1, 0.9)))
    with pytest.raises(RequestError) as refused:
        velocity(BAND, [outside], "effects.0.arrows")

    assert refused.value.field == "effects.0.arrows"
    assert "painted" in refused.value.remedy


def test_a_stroke_turns_what_it_goes_through_as_it_turns() -> None:
    corner = Arrow(points=((0.2, 0.4), (0.8, 0.4), (0.8, 0.6)), speed=0.2)
    field = velocity(BAND, [corner], "arrows").field

    assert field[77, 100, 0] > 0.15
    assert abs(field[77, 100, 1]) < 0.02
    assert field[96, 204, 1] > 0.15


def test_what_runs_into_the_border_slows_down_from_farther_away_than_what_runs_along_it() -> None:
    along = velocity(BAND, [Arrow(points=((0.4, 0.5), (0.5, 0.5)), speed=0.2)], "arrows").field
    into = velocity(BAND, [Arrow(points=((0.4, 0.4), (0.4, 0.6)), speed=0.2)], "arrows").field

    assert along[74, 100, 0] > 0.19
    assert 0.02 < into[74, 100, 1] < 0.12
