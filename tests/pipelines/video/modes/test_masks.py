"""Masks of a restyled movie: what they keep is the movie's to the bit, and they go along with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import RequestError
from pipelines.video.modes.course import Levels, Shot
from pipelines.video.modes.masks import read_mask
from pipelines.video.modes.restyle import Restyling
from tests.pipelines.video.desk import movies
from tests.pipelines.video.modes.courses import Model, negative, shoot_of

WIDTH, HEIGHT = movies.SIZE
SOFT_PX = 12  # from the middle of a border that is softened by 4 px
WAYS = ["keyframes", "blend"]


def left_half() -> Levels:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, : WIDTH // 2] = 255
    return levels


def run(
    folder: Path, mask: dict[str, Any] | None, *, count: int = 14, first: int = 0, **asked: Any
) -> tuple[list[Shot], Model]:
    model = Model(negative)
    shoot = shoot_of(folder, movies.movie(count, has_sound=False), mask=mask, spacing=5, **asked)
    return list(Restyling(shoot, model.line).frames(first, {})), model


@pytest.fixture
def masked(tmp_path: Path) -> Path:
    Image.fromarray(left_half()).save(tmp_path / "half.png")
    return tmp_path


def is_source(shot: Shot, columns: slice) -> bool:
    assert shot.source is not None
    return bool(np.array_equal(shot.pixels[:, columns], shot.source[:, columns]))


@pytest.mark.parametrize("way", WAYS)
def test_what_a_mask_keeps_is_the_movies_to_the_bit(masked: Path, way: str) -> None:
    shots, _ = run(masked, {"image": "half"}, way=way)

    assert len(shots) == 14
    for shot in shots:
        assert shot.source is not None
        assert is_source(shot, slice(WIDTH // 2 + SOFT_PX, None))
        changed = shot.pixels[:, : WIDTH // 2 - SOFT_PX].astype(int)
        assert np.abs(changed - shot.source[:, : WIDTH // 2 - SOFT_PX]).mean() > 40


def test_inverted_it_keeps_the_other_side(masked: Path) -> None:
    shots, _ = run(masked, {"image": "half", "is_inverted": True, "blur": 0.0})

    assert all(is_source(shot, slice(0, WIDTH // 2)) for shot in shots)
    assert not any(is_source(shot, slice(WIDTH // 2, None)) for shot in shots)


def test_inside_of_a_mask_it_is_what_it_would_be_without(masked: Path) -> None:
    inside = slice(0, WIDTH // 2 - SOFT_PX)
    shots, _ = run(masked, {"image": "half"})
    free, _ = run(masked, None)

    for shot, other in zip(shots, free, strict=True):
        assert np.array_equal(shot.pixels[:, inside], other.pixels[:, inside])


def test_its_edge_is_as_soft_as_asked(masked: Path) -> None:
    def steepest(blur: float) -> float:
        shot = run(masked, {"image": "half", "blur": blur}, count=1)[0][0]
        assert shot.source is not None
        change = (shot.pixels.astype(int) - shot.source).mean(axis=(0, 2))
        return float(np.abs(np.diff(change)).max() / np.abs(change).max())

    assert steepest(0) > 0.8
    assert steepest(8) < 0.2


def test_the_model_is_told_where_it_may_draw(masked: Path) -> None:
    _, model = run(masked, {"image": "half", "blur": 0.0})

    assert all(np.array_equal(mask, left_half()) for mask in model.masks.values())  # type: ignore[arg-type]
    assert run(masked, None)[1].masks[0] is None


def box(number: int) -> Levels:
    """The mask of the square of a movie of `movies`."""
    left, top = movies.place(number)
    levels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    levels[top : top + movies.SIDE_PX, left : left + movies.SIDE_PX] = 255
    return levels


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("start_seconds", [0.0, 0.5])
def test_a_movie_as_a_mask_goes_along_frame_by_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, start_seconds: float
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(movies, "pictures", lambda count, cut: map(box, range(count)))
        (tmp_path / "along.movie").write_bytes(movies.movie(16, has_sound=False))
    mask = {"movie": "along", "blur": 0.0}
    shots, _ = run(tmp_path, mask, count=16, way=way, start_seconds=start_seconds)

    skipped = round(start_seconds * movies.FPS)
    assert len(shots) == 16 - skipped
    for number, shot in enumerate(shots, skipped):
        assert shot.source is not None
        is_changed = (shot.pixels != shot.source).any(axis=2)
        is_inside = box(number)[..., 0] > 0
        inner = box(number)[..., 0].copy()
        top, left = np.argwhere(is_inside).min(axis=0)
        inner[: top + 2], inner[top + movies.SIDE_PX - 2 :] = 0, 0
        inner[:, : left + 2], inner[:, left + movies.SIDE_PX - 2 :] = 0, 0
        assert is_changed[inner > 0].mean() > 0.9
        assert not is_changed[is_far(is_inside)].any()


def is_far(is_inside: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where an encoder's ringing around the square has ended."""
    rows, columns = np.nonzero(is_inside)
    far = np.ones(is_inside.shape, bool)
    far[max(0, rows.min() - 8) : rows.max() + 9, max(0, columns.min() - 8) : columns.max() + 9] = (
        False
    )
    return far


def test_the_last_frame_of_a_mask_that_is_shorter_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(movies, "pictures", lambda count, cut: map(box, range(count)))
        (tmp_path / "along.movie").write_bytes(movies.movie(4, has_sound=False))
    shots, _ = run(tmp_path, {"movie": "along", "blur": 0.0}, count=9)

    is_inside = box(3)[..., 0] > 0
    for shot in shots[3:]:
        is_changed = (shot.pixels != shot.source).any(axis=2)
        assert not is_changed[is_far(is_inside)].any()
        assert is_changed[is_inside].mean() > 0.7


@pytest.mark.parametrize("way", ["keyframes"])
@pytest.mark.parametrize("first", [3, 5, 11])
def test_any_frame_can_be_gone_on_from(masked: Path, way: str, first: int) -> None:
    mask = {"image": "half"}
    whole, _ = run(masked, mask, way=way)
    rest, _ = run(masked, mask, way=way, first=first)

    assert len(rest) == 14 - first
    for one, other in zip(whole[first:], rest, strict=True):
        assert np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "settings.mask.image"),
        ({"image": "a", "movie": "b"}, "settings.mask.movie"),
        ({"image": "a", "blur": 99}, "settings.mask.blur"),
        ({"image": "a", "colour": 1}, "settings.mask.colour"),
        ({"image": 5}, "settings.mask.image"),
        ("a", "settings.mask"),
    ],
)
def test_what_is_no_mask_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_mask(value)

    assert raised.value.field == field
