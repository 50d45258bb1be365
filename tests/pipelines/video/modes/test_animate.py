"""What a camera draws from what: loops that close, what a clip begins with, and colours that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.video.modes.course import Levels
from pipelines.video.steady.measures import loop_seam_ratio
from tests.pipelines.video.modes.drawing import SIZE, Sketchbook, patterned, shots

PLAIN: dict[str, Any] = {"noise": "0: (0)", "unsharp_amount": "0: (0)", "zoom": "0: (1)"}
MOVES = {
    "still": {},
    "in": {"zoom": "0: (1.02)"},
    "out": {"zoom": "0: (0.985)"},
    "across": {"translation_x": "0: (1.5)"},
    "round": {"angle": "0: (2)"},
}


def pixels(folder: Path, book: Sketchbook, first: int = 0, **asked: Any) -> list[Levels]:
    return [shot.pixels for shot in shots(folder, book, first, **PLAIN | asked)]


@pytest.mark.parametrize("cadence", [1, 2, 4])
@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_the_last_frame_of_a_loop_leads_into_the_first(
    tmp_path: Path, move: dict[str, str], cadence: int
) -> None:
    asked = {"max_frames": 48, "diffusion_cadence": cadence} | move

    closed, left_open = (
        pixels(tmp_path, Sketchbook(), is_looped=is_looped, **asked) for is_looped in (True, False)
    )

    assert loop_seam_ratio(closed) < 1.6
    assert loop_seam_ratio(left_open) > 2.3
    for one, other in zip(closed[:30], left_open[:30], strict=True):
        assert np.array_equal(one, other)


def test_no_step_of_a_loop_is_far_larger_than_the_others(tmp_path: Path) -> None:
    frames = pixels(tmp_path, Sketchbook(), max_frames=60, zoom="0: (1.01)", is_looped=True)

    steps = [difference(a, b) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert max(steps[40:]) < 1.5 * max(steps[:40])


def difference(one: Levels, other: Levels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_drawn_frames_of_a_loop_are_evenly_apart_all_the_way_round(tmp_path: Path) -> None:
    book = Sketchbook()

    pixels(tmp_path, book, max_frames=20, diffusion_cadence=8, is_looped=True)

    assert sorted(book.kept) == [0, 10]


def test_a_loop_that_goes_on_anywhere_comes_to_the_same_frames(tmp_path: Path) -> None:
    asked = {"max_frames": 30, "diffusion_cadence": 3, "is_looped": True, "angle": "0: (1)"}
    book = Sketchbook()
    whole = pixels(tmp_path, book, **asked)

    for first in (1, 14, 22, 29):
        kept = {number: frame for number, frame in book.kept.items() if number <= first}
        rest = pixels(tmp_path, Sketchbook(kept), first, **asked)
        assert len(rest) == 30 - first
        for one, other in zip(whole[first:], rest, strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_loop_of_hardly_any_frames_is_made(tmp_path: Path, count: int) -> None:
    assert len(pixels(tmp_path, Sketchbook(), max_frames=count, is_looped=True)) == count


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(patterned(99)).save(path)
    return path


def test_a_camera_begins_with_a_picture_and_then_goes_its_way(
    tmp_path: Path, picture: Path
) -> None:
    book = Sketchbook()
    asked = {"init_image": "picture", "init_strength": 0.7, "strength": "0: (0.6)"}

    pixels(tmp_path, book, inputs={"picture": picture}, max_frames=5, **asked)

    assert np.array_equal(book.starts[0], patterned(99))
    assert [book.asked[n]["source.strength"] for n in (0, 2)] == pytest.approx([0.3, 0.4])
    assert not np.array_equal(book.starts[2], patterned(99))


def test_every_frame_of_a_morph_begins_with_the_picture(tmp_path: Path, picture: Path) -> None:
    book = Sketchbook()
    asked = {"mode": "morph", "init_image": "picture", "init_strength": 0.25}

    pixels(tmp_path, book, inputs={"picture": picture}, max_frames=3, **asked)

    for number in range(3):
        assert np.array_equal(book.starts[number], patterned(99))
        assert book.asked[number]["source.strength"] == 0.75


def test_frames_keep_the_colours_of_a_picture_from_the_first_one_on(tmp_path: Path) -> None:
    path = tmp_path / "green.png"
    Image.fromarray((patterned(3) * (0.2, 0.9, 0.3)).astype(np.uint8)).save(path)
    asked = {"inputs": {"green": path}, "colour_image": "green", "max_frames": 4}

    held = pixels(tmp_path, Sketchbook(), **asked)
    free = pixels(tmp_path, Sketchbook(), **asked | {"colour_coherence": "none"})

    for frame in held:
        red, green, blue = frame.reshape(-1, 3).mean(axis=0)
        assert green > 2 * max(red, blue)
    assert free[0][..., 1].mean() < 1.3 * free[0][..., 0].mean()


def test_a_picture_of_other_sides_is_cut_not_stretched(tmp_path: Path) -> None:
    wide = np.zeros((SIZE[1], SIZE[0] * 3, 3), np.uint8)
    wide[:, SIZE[0] : 2 * SIZE[0]] = patterned(7)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    book = Sketchbook()

    pixels(tmp_path, book, inputs={"w": tmp_path / "wide.png"}, init_image="w", max_frames=1)

    assert np.array_equal(book.starts[0], patterned(7))
