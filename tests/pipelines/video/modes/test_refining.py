"""A photo that moves is drawn over where it moves: the loop stays whole, and the rest stays to the bit."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.messages import Shoot
from pipelines.video.modes.course import Levels, Reel
from pipelines.video.modes.refining import Refining, keys_of, read_refine, where_it_moves
from pipelines.video.photo.loop import Loop, prepare
from pipelines.video.photo.plan import Parallax, Plan
from tests.pipelines.video.modes.courses import Model
from tests.pipelines.video.photo.scenes import downstream, grain, plan, river

SIZE = (108, 144)
PHOTO, WATER = river(SIZE)
FRAMES, SPACING = 24, 9
PLAN = plan(downstream(), seconds=1.6, fps=15.0)
INSIDE = cv2.erode(WATER, np.ones((5, 5))) > 0
WARM = np.array([1.06, 1.0, 0.9])
GRAIN = 8 * grain(SIZE, 9, 1.5)[..., None]


def pencil(picture: Levels) -> Levels:
    """Warmer, with a texture that sticks to the screen, as a model with one seed draws it."""
    height, width = picture.shape[:2]
    texture = cv2.resize(GRAIN, (width, height))[..., None]
    return np.clip(np.rint(picture * WARM + texture), 0, 255).astype(np.uint8)


def refining(
    model: Model, asked: Plan = PLAN, *, drawn_size: tuple[int, int] = SIZE[::-1]
) -> tuple[Refining, Loop]:
    loop = prepare(PHOTO, asked, [WATER] * len(asked.effects))
    shoot = Shoot(
        mode="photo",
        asked={"refine": {"strength": 0.3, "spacing": SPACING}},
        output={},
        frames=loop.frame_count,
        until=None,
        size=SIZE[::-1],
        seed=3,
        folder="",
        drawn_size=drawn_size,
    )
    mask = where_it_moves(asked, [WATER] * len(asked.effects), SIZE)
    return Refining(loop, mask, shoot, model.line, Reel.even(asked.fps)), loop


def frames(course: Refining, first: int = 0) -> list[Levels]:
    return [shot.pixels for shot in course.frames(first, {})]


@pytest.fixture(scope="module")
def made() -> list[Levels]:
    return frames(refining(Model(pencil))[0])


@pytest.fixture(scope="module")
def plain() -> list[Levels]:
    loop = refining(Model(pencil))[1]
    return [loop.frame(number) for number in range(FRAMES)]


def test_nothing_changes_where_nothing_moves(made: list[Levels], plain: list[Levels]) -> None:
    assert len(made) == FRAMES
    for frame, before in zip(made, plain, strict=True):
        assert np.array_equal(frame[WATER == 0], PHOTO[WATER == 0])
        assert np.abs(frame.astype(int) - before)[INSIDE].mean() > 5


def test_frames_that_are_drawn_over_stand_evenly_on_the_loop() -> None:
    model = Model(pencil)
    next(refining(model)[0].frames(FRAMES - 1, {}))

    assert sorted(model.known) == [0, 16]  # the last part ends with the first frame
    assert keys_of(FRAMES, SPACING) == [0, 8, 16]
    assert max(np.diff([*keys_of(97, 12), 97])) <= 12
    assert keys_of(5, 24) == [0]


def test_the_last_frame_leads_into_the_first_one_as_any_into_the_next(made: list[Levels]) -> None:
    floats = [frame.astype(np.float32) for frame in made]

    pairs = zip(floats, floats[1:] + floats[:1], strict=True)
    steps = [float(np.abs(a - b).mean()) for a, b in pairs]
    assert steps[-1] <= 1.15 * np.median(steps)
    assert max(steps) <= 1.5 * np.median(steps)


def test_what_was_drawn_is_seen_between_the_drawn_frames_too(
    made: list[Levels], plain: list[Levels]
) -> None:
    for frame, before in zip(made, plain, strict=True):
        warmth = frame[INSIDE].astype(float) - before[INSIDE]
        assert warmth[:, 0].mean() > 3
        assert warmth[:, 2].mean() < -8


def test_detail_does_not_come_and_go_with_the_drawn_frames(
    made: list[Levels], plain: list[Levels]
) -> None:
    shares = [detail(a) / detail(b) for a, b in zip(made, plain, strict=True)]

    assert min(shares) > 0.95
    assert max(shares) / min(shares) < 1.05


def detail(frame: Levels) -> float:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F))[INSIDE].mean())


@pytest.mark.parametrize("first", [1, 14, 23])
def test_any_frame_can_be_gone_on_from(first: int, made: list[Levels]) -> None:
    rest = frames(refining(Model(pencil))[0], first)

    assert len(rest) == FRAMES - first
    assert all(np.array_equal(a, b) for a, b in zip(made[first:], rest, strict=True))


def test_a_photo_that_is_larger_than_what_is_drawn_keeps_its_detail() -> None:
    course, loop = refining(Model(pencil), drawn_size=(72, 56))

    frame, before = next(course.frames(0, {})).pixels, loop.frame(0)

    assert np.abs(frame.astype(int) - before)[INSIDE].mean() > 5
    assert detail(frame) > 0.95 * detail(before)


def test_a_camera_moves_all_of_it() -> None:
    asked = plan(Parallax(horizon=0.4))

    assert where_it_moves(asked, [None], SIZE).min() == 255


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"strength": 1.5}, "refine.strength"),
        ({"spacing": 25}, "refine.spacing"),
        ({"spacing": 1.5}, "refine.spacing"),
        ({"steps": 4}, "refine.steps"),
        ("much", "refine"),
    ],
)
def test_what_cannot_be_refined_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_refine(value)

    assert raised.value.field == field


def test_no_strength_is_no_drawing() -> None:
    assert read_refine({"strength": 0}) is None
    assert read_refine(None) is None
