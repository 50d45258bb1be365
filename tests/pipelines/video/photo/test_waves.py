"""Ripples run and stalks sway, in whole periods, and only where it is painted."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.video.photo.grid import Grid
from pipelines.video.photo.loop import prepare
from pipelines.video.photo.plan import Ripple, Sway
from pipelines.video.photo.region import Region
from pipelines.video.photo.waves import displacement, rippled, swaying
from tests.pipelines.video.photo.scenes import grain, motion, plan

SIZE = (192, 256)
PHOTO = np.clip(128 + 40 * grain(SIZE, 1, 2), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
BOX = np.zeros(SIZE, np.uint8)
BOX[40:150, 60:200] = 255
GRID = Grid.of(SIZE, SIZE)
WHOLE = (slice(0, 192), slice(0, 256))
EFFECTS = {
    "ripple": Ripple(amount=0.006, wavelength=0.06),
    "sway": Sway(anchor=((0.2, 0.8), (0.8, 0.8)), amount=0.02),
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_the_loop_has_no_seam_and_the_rest_stands_still(kind: str) -> None:
    loop = prepare(PHOTO, plan(EFFECTS[kind]), [BOX])
    first, second, last = (loop.frame(number).astype(int) for number in (0, 1, 47))

    assert np.array_equal(loop.frame(48), first)
    assert 0.5 < np.abs(first - last).mean() / np.abs(second - first).mean() < 2
    assert all(np.array_equal(loop.frame(k)[BOX == 0], PHOTO[BOX == 0]) for k in (0, 13, 30))
    assert np.abs(loop.frame(13).astype(int) - first)[BOX > 0].mean() > 1


@pytest.mark.parametrize("kind", EFFECTS)
def test_still_things_are_never_dragged_in(kind: str) -> None:
    photo = np.where(BOX[..., None] > 0, PHOTO // 2, 255).astype(np.uint8)
    loop = prepare(photo, plan(EFFECTS[kind]), [BOX])

    inner = np.zeros(SIZE, bool)
    inner[42:148, 62:198] = True  # beside the border even sharpened edges of a pixel shine in
    assert max(int(loop.frame(number)[inner].max()) for number in range(0, 48, 6)) < 150


def test_ripples_run_in_their_direction() -> None:
    waves = rippled(Region.read(BOX, GRID, "mask"), Ripple(direction_degrees=0, speed=0.1), 2).waves
    main = waves[:1]

    here = displacement(main, GRID, WHOLE, 0.0)[96, :, 0]
    later = displacement(main, GRID, WHOLE, 1 / 40)[96, :, 0]

    # 0.1 of the longer side a second: in a twentieth of a second 1.28 px to the right
    moved = np.interp(np.arange(10, 240) - 1.28, np.arange(256), here)
    assert np.abs(later[10:240] - moved).max() < 0.05 * np.abs(here).max()


def test_each_ripple_comes_round_a_whole_number_of_times() -> None:
    waves = rippled(Region.read(BOX, GRID, "mask"), Ripple(speed=0.077), 3.7).waves

    assert all(wave.turns == int(wave.turns) >= 1 for wave in waves)
    apart = displacement(waves, GRID, WHOLE, 1.0) - displacement(waves, GRID, WHOLE, 0.0)
    assert np.abs(apart).max() < 1e-7


def test_ripples_move_a_pixel_by_the_amount_at_most() -> None:
    waves = rippled(Region.read(BOX, GRID, "mask"), Ripple(amount=0.01), 2).waves
    lengths = [
        np.linalg.norm(displacement(waves, GRID, WHOLE, moment), axis=-1).max()
        for moment in np.linspace(0, 1, 9)
    ]

    assert 0.005 < max(lengths) <= 0.0101


def test_what_is_farther_from_the_anchor_sways_more_and_along_it() -> None:
    mask = np.full(SIZE, 255, np.uint8)
    sway = Sway(anchor=((0.0, 1.0), (1.0, 1.0)), amount=0.03, wavelength=10)
    loop = prepare(PHOTO, plan(sway), [mask])
    moved = motion(loop.frame(0), loop.frame(12))
    across, down = np.abs(moved[..., 0]), np.abs(moved[..., 1])

    assert across[5:30].mean() > 3 * across[120:140].mean() > 0
    assert across[180:].mean() < 0.3
    assert down.mean() < 0.2 * across.mean()


def test_the_amount_is_that_of_the_farthest_place() -> None:
    region = Region.read(np.full(SIZE, 255, np.uint8), GRID, "mask")
    waves = swaying(region, Sway(anchor=((0, 1), (1, 1)), amount=0.03), 2)

    assert waves.strength.max() == pytest.approx(1)
    assert waves.strength[-1].max() < 0.01


def test_waves_that_fold_the_picture_are_warned_of() -> None:
    steep = prepare(PHOTO, plan(Ripple(amount=0.02, wavelength=0.03)), [BOX])
    flat = prepare(PHOTO, plan(Ripple()), [BOX])

    assert any("folds" in text for text in steep.warnings)
    assert flat.warnings == ()
