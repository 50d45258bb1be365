"""The camera moves as it is told: about the centre, in the right sense and order, and alike at every size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import RequestError
from pipelines.video.motion.camera import (
    Move,
    Tilt,
    compose,
    magnification,
    resized,
    sampling_matrix,
)

SIZE = (512, 320)
MOVES = st.builds(
    Move,
    zoom=st.floats(0.5, 2),
    angle_degrees=st.floats(-180, 180),
    translation_x_px=st.floats(-200, 200),
    translation_y_px=st.floats(-200, 200),
    centre_x=st.floats(0, 1),
    centre_y=st.floats(0, 1),
    tilt=st.builds(
        Tilt,
        theta_degrees=st.floats(-180, 180),
        phi_degrees=st.floats(-30, 30),
        gamma_degrees=st.floats(-30, 30),
        field_of_view_degrees=st.floats(10, 90),
    ),
)


def goes_to(move: Move, x: float, y: float) -> tuple[float, float]:
    """Where something at a place of the old frame is seen in the new one."""
    seen = np.linalg.solve(sampling_matrix(move, SIZE), (x, y, 1))
    return seen[0] / seen[2], seen[1] / seen[2]


def as_told(move: Move, x: float, y: float) -> tuple[float, float]:
    """The same, step by step and without matrices."""
    centre = (move.centre_x * SIZE[0], move.centre_y * SIZE[1])
    x, y = x + move.translation_x_px - centre[0], y + move.translation_y_px - centre[1]
    turn = math.radians(move.angle_degrees)
    x, y = (
        centre[0] + move.zoom * (x * math.cos(turn) + y * math.sin(turn)),
        centre[1] + move.zoom * (y * math.cos(turn) - x * math.sin(turn)),
    )
    x, y, z = x - SIZE[0] / 2, y - SIZE[1] / 2, 0.0
    theta, phi, gamma = (
        math.radians(angle)
        for angle in (move.tilt.theta_degrees, move.tilt.phi_degrees, move.tilt.gamma_degrees)
    )
    x, y = x * math.cos(theta) - y * math.sin(theta), x * math.sin(theta) + y * math.cos(theta)
    x, z = x * math.cos(gamma), -x * math.sin(gamma)
    y, z = y * math.cos(phi) - z * math.sin(phi), y * math.sin(phi) + z * math.cos(phi)
    half = math.radians(move.tilt.field_of_view_degrees / 2)
    distance = math.hypot(*SIZE) / 2 / math.sin(half)
    nearer = distance / (distance - z)
    return SIZE[0] / 2 + nearer * x, SIZE[1] / 2 + nearer * y


def test_standing_still_is_exactly_the_identity() -> None:
    for size in (SIZE, (511, 333), (1, 1)):
        assert np.array_equal(sampling_matrix(Move(), size), np.eye(3))
    assert np.array_equal(compose([], SIZE), np.eye(3))


@settings(derandomize=True, deadline=None)
@given(MOVES, st.floats(0, 1), st.floats(0, 1))
def test_things_are_shifted_then_turned_and_enlarged_then_tilted(
    move: Move, x: float, y: float
) -> None:
    place = (x * 100 + 200, y * 100 + 100)

    assert goes_to(move, *place) == pytest.approx(as_told(move, *place), abs=1e-6, rel=1e-6)


def test_above_one_things_grow_away_from_the_centre() -> None:
    assert goes_to(Move(zoom=2), 256, 160) == pytest.approx((256, 160))
    assert goes_to(Move(zoom=2), 266, 155) == pytest.approx((276, 150))
    assert goes_to(Move(zoom=2, centre_x=0, centre_y=1), 10, 310) == pytest.approx((20, 300))


def test_above_zero_things_turn_anticlockwise() -> None:
    assert goes_to(Move(angle_degrees=90), 356, 160) == pytest.approx((256, 60))


def test_things_go_right_and_down() -> None:
    assert goes_to(Move(translation_x_px=7, translation_y_px=3), 0, 0) == pytest.approx((7, 3))


def test_a_tilt_about_the_horizontal_axis_makes_the_upper_edge_shorter() -> None:
    tilted = Move(tilt=Tilt(phi_degrees=20))
    upper = goes_to(tilted, 512, 0)[0] - goes_to(tilted, 0, 0)[0]
    lower = goes_to(tilted, 512, 320)[0] - goes_to(tilted, 0, 320)[0]

    assert upper < 512 < lower


def test_a_tilt_about_the_vertical_axis_makes_the_right_edge_shorter() -> None:
    tilted = Move(tilt=Tilt(gamma_degrees=20))
    left = goes_to(tilted, 0, 320)[1] - goes_to(tilted, 0, 0)[1]
    right = goes_to(tilted, 512, 320)[1] - goes_to(tilted, 512, 0)[1]

    assert right < 320 < left


def test_a_tilt_keeps_the_shift() -> None:
    tilt = Tilt(phi_degrees=15)
    shifted = goes_to(Move(translation_x_px=12, tilt=tilt), 256, 160)

    assert shifted == pytest.approx(goes_to(Move(tilt=tilt), 268, 160))
    assert shifted[0] > 266


def test_moves_are_composed_in_the_order_of_time() -> None:
    moves = [Move(translation_x_px=10), Move(zoom=2)]
    seen = np.linalg.solve(compose(moves, SIZE), (256, 160, 1))

    assert seen[0] / seen[2] == pytest.approx(256 + 2 * 10)


@settings(derandomize=True, deadline=None)
@given(MOVES)
def test_a_move_of_small_frames_is_that_of_large_ones_in_proportion(move: Move) -> None:
    small = resized(sampling_matrix(move, SIZE), SIZE, (128, 160))
    large_place = sampling_matrix(move, SIZE) @ (300, 200, 1)
    small_place = small @ (300 / 4, 200 / 2, 1)

    assert small_place[0] / small_place[2] == pytest.approx(large_place[0] / large_place[2] / 4)
    assert small_place[1] / small_place[2] == pytest.approx(large_place[1] / large_place[2] / 2)


def test_the_magnification_is_the_product_of_the_zooms() -> None:
    moves = [Move(zoom=1.5, angle_degrees=20), Move(translation_x_px=9), Move(zoom=0.5)]

    assert magnification(compose(moves, SIZE), SIZE) == pytest.approx(0.75)


def test_what_a_tilt_brings_nearer_is_magnified() -> None:
    matrix = compose([Move(translation_y_px=-100), Move(tilt=Tilt(phi_degrees=40))], SIZE)
    nearer = compose([Move(tilt=Tilt(phi_degrees=40)), Move(translation_y_px=-100)], SIZE)

    assert magnification(matrix, SIZE) == pytest.approx(math.cos(math.radians(40)) ** 0.5)
    assert magnification(nearer, SIZE) > magnification(matrix, SIZE)


@pytest.mark.parametrize(
    ("field", "value"),
    [("zoom", 0.0), ("zoom", -1.0), ("zoom", math.nan), ("translation_x_px", math.inf)],
)
def test_a_move_that_shows_nothing_is_refused(field: str, value: float) -> None:
    with pytest.raises(RequestError) as caught:
        Move(**{field: value})

    assert caught.value.field == field


def test_a_frame_is_not_seen_from_its_edge() -> None:
    with pytest.raises(RequestError) as caught:
        Tilt(gamma_degrees=90)

    assert caught.value.field == "gamma_degrees"
