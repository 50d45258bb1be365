"""Ways back to the source in a steady flow."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.video.photo.advection import KNOTS, at_phase, trajectories
from pipelines.video.photo.grid import Grid

GRID = Grid.of((512, 512), (512, 512))


def whirl(turns_a_second: float) -> np.ndarray:
    x, y = np.moveaxis((GRID.places() - 127.5) / 256, -1, 0)
    return (2 * np.pi * turns_a_second * np.stack([-y, x], axis=-1)).astype(np.float32)


def test_in_a_whirl_the_source_lies_on_the_same_circle() -> None:
    ways = trajectories(GRID, whirl(0.1), life_seconds=2)
    places = (GRID.places() - 127.5) / 256
    here, source = places[128, 178], places[128, 178] + ways[-1, 128, 178]

    assert np.linalg.norm(source) == pytest.approx(np.linalg.norm(here), abs=5e-4)
    angle = np.arctan2(here[1], here[0]) - np.arctan2(source[1], source[0])
    assert angle == pytest.approx(2 * np.pi * 0.1, abs=5e-3)  # a second old, so a tenth turn back


def test_at_half_of_the_life_it_is_the_photo() -> None:
    ways = trajectories(GRID, whirl(0.1), life_seconds=2)

    assert (at_phase(ways, np.full(GRID.shape, 0.5, np.float32)) == 0).all()


def test_what_is_younger_than_the_photo_comes_from_downstream() -> None:
    velocity = np.zeros((*GRID.shape, 2), np.float32)
    velocity[..., 0] = 0.1

    ways = trajectories(GRID, velocity, life_seconds=2)

    assert np.allclose(ways[0, ..., 0], 0.1, atol=1e-5)
    assert np.allclose(ways[KNOTS - 1, ..., 0], -0.1, atol=1e-5)


def test_each_cell_has_its_own_phase() -> None:
    velocity = np.full((*GRID.shape, 2), 0.1, np.float32)
    ways = trajectories(GRID, velocity, life_seconds=2)
    phase = np.broadcast_to(np.linspace(0, 1, 256, dtype=np.float32), GRID.shape)

    assert np.allclose(at_phase(ways, phase)[..., 0], 0.1 - 0.2 * phase, atol=1e-4)
