"""What lies in the masked part before the first step."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.editing.filling import FILLS, filled
from pipelines.editing.source import CONTENTS

SIZE = (48, 40)
HOLE = np.s_[12:28, 16:32]


def halves() -> Image.Image:
    """Red on the left, blue on the right, and a green thing in the middle."""
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    pixels[:, :24, 0] = 200
    pixels[:, 24:, 2] = 200
    pixels[HOLE] = (0, 255, 0)
    return Image.fromarray(pixels)


def mask() -> Image.Image:
    levels = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    levels[HOLE] = 255
    return Image.fromarray(levels)


def test_every_content_has_its_fill() -> None:
    assert set(FILLS) == set(CONTENTS)


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_not_masked_stays(content: str) -> None:
    before, after = np.asarray(halves()), np.asarray(filled(halves(), mask(), content))

    assert after.shape == before.shape
    outside = np.asarray(mask()) == 0
    assert np.abs(after[outside].astype(int) - before[outside]).max() <= 1


def test_the_original_stays_all_over() -> None:
    assert np.array_equal(np.asarray(filled(halves(), mask(), "original")), np.asarray(halves()))


@pytest.mark.parametrize("content", ["fill", "surroundings", "noise", "nothing"])
def test_of_the_masked_thing_nothing_is_left_and_each_side_takes_its_own_colour(
    content: str,
) -> None:
    after = np.asarray(filled(halves(), mask(), content))[HOLE].astype(int)

    assert after[..., 1].max() < 60
    left, right = after[:, :4].mean(axis=(0, 1)), after[:, -4:].mean(axis=(0, 1))
    assert left[0] > left[2] + 50
    assert right[2] > right[0] + 50


def test_a_fill_is_soft_and_surroundings_go_on_sharply() -> None:
    def steepest(content: str) -> int:
        inside = np.asarray(filled(halves(), mask(), content))[HOLE].astype(int)
        return int(np.abs(np.diff(inside, axis=1)).max())

    assert steepest("fill") < 60 < steepest("surroundings")


@pytest.mark.parametrize("content", CONTENTS)
def test_a_picture_that_is_masked_all_over_is_filled_with_something(content: str) -> None:
    everything = Image.new("L", SIZE, 255)

    assert filled(halves(), everything, content).size == SIZE
