"""Large pictures in tiles: all is covered, borders do not show, and one tile is no tile."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.recipes.tiling import OVERLAP, Tile, Tiled, tiles_of
from pipelines.worker.sampling import Denoise, Denoised
from tests.pipelines.worker.workbench import Workbench, request

SIDES = st.integers(8, 300)


@settings(deadline=None)
@given(height=SIDES, width=SIDES, side=st.integers(8, 96))
def test_tiles_cover_all_overlap_and_stay_inside(height: int, width: int, side: int) -> None:
    tiles = tiles_of(height, width, side)
    covered = torch.zeros(height, width)
    for tile in tiles:
        assert tile.top >= 0
        assert tile.left >= 0
        assert tile.of(covered).shape == (min(height, side), min(width, side))
        tile.of(covered).add_(1)
    assert covered.min() >= 1
    lefts = sorted({tile.left for tile in tiles})
    for one, next_one in itertools.pairwise(lefts):
        assert next_one - one <= side * (1 - OVERLAP) + 1


def test_what_fits_is_one_tile() -> None:
    assert tiles_of(16, 12, 16) == [Tile(0, 0, 16, 12)]


def test_a_denoiser_that_looks_at_nothing_else_gives_the_same_in_tiles() -> None:
    def halved(x: Tensor, sigma: float, step: int) -> Denoised:
        return Denoised(x / 2, x / 4)

    x = torch.randn(1, 4, 40, 24, generator=torch.Generator().manual_seed(1))
    both = Tiled(tiles_of(40, 24, 16), lambda tile: halved)(x, 1.0, 0)

    assert both.x0_uncond is not None
    torch.testing.assert_close(both.x0, x / 2)
    torch.testing.assert_close(both.x0_uncond, x / 4)


def test_tiles_that_disagree_meet_without_a_step() -> None:
    """Two halves that want 0 and 1: between neighbours the share moves on by little."""

    def wanting(tile: Tile) -> Denoise:
        value = 0.0 if tile.left == 0 else 1.0
        return lambda x, sigma, step: Denoised(torch.full_like(x, value))

    x0 = Tiled(tiles_of(16, 28, 16), wanting)(torch.zeros(1, 4, 16, 28), 1.0, 0).x0[0, 0, 8]

    assert x0[0] == 0
    assert x0[-1] == 1
    assert x0.diff().abs().max() < 0.35


@pytest.fixture(scope="module")
def bench(toy: CheckpointRef) -> Workbench:
    return Workbench(toy)


def drawn(bench: Workbench, **fields: object) -> np.ndarray:
    made = still(Brief(request(**fields), 3), bench.model(), lambda look: None)  # type: ignore[arg-type]
    assert isinstance(made, Developed)
    return made.pixels.numpy()


def test_a_picture_no_larger_than_a_tile_is_the_same_without_tiles(bench: Workbench) -> None:
    plain = drawn(bench, width=64, height=64, steps=2)
    assert (drawn(bench, width=64, height=64, steps=2, tile=64) == plain).all()


def test_a_larger_one_is_denoised_tile_by_tile(bench: Workbench) -> None:
    sizes: list[tuple[int, ...]] = []
    model = bench.model()
    forward = model.denoiser.forward

    def noted(**inputs: Tensor) -> object:
        sizes.append(tuple(inputs["sample"].shape[2:]))
        return forward(**inputs)

    object.__setattr__(model.denoiser, "forward", noted)
    try:
        tiled = drawn(bench, width=128, height=64, steps=2, tile=64)
    finally:
        object.__setattr__(model.denoiser, "forward", forward)

    assert tiled.shape == (64, 128, 3)
    assert set(sizes) == {(8, 8)}
    assert len(sizes) == 2 * 3
