"""Noise has the strength and the size of clouds that are asked for, and depends on seed and frame alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator, Philox

from pipelines.errors import RequestError
from pipelines.video.grading.noise import GREY, Noise, add_noise, clouds
from tests.pipelines.video.grading.scenes import street

MIDDLE = np.full((256, 256, 3), 128, np.uint8)
SIZE = (256, 256)


def some_clouds(noise: Noise, seed: int = 1, size: tuple[int, int] = SIZE) -> np.ndarray:
    return clouds(Generator(Philox(seed)), size, noise)


def correlation_length(field: np.ndarray, axis: int) -> float:
    """How far one goes until the field knows half of what it was, in px."""
    field = field - field.mean()
    lines = np.moveaxis(field, axis, 0)
    alike = [float((lines[k:] * lines[: len(lines) - k]).mean()) for k in range(len(lines) // 2)]
    return float(np.argmax(np.array(alike) < alike[0] / 2))


@pytest.mark.parametrize("kind", ["uniform", "perlin"])
def test_no_amount_gives_the_same_bits(kind: str) -> None:
    frame = street()

    assert np.array_equal(add_noise(frame, Noise(kind, 0.0), 5, 2), frame)  # type: ignore[arg-type]


def test_uniform_noise_has_the_mean_and_spread_that_are_asked_for() -> None:
    grain = add_noise(MIDDLE, Noise("uniform", 0.1), 5, 2).astype(float) - 128

    assert abs(grain.mean()) < 0.2
    assert grain.std() == pytest.approx(0.1 * GREY, rel=0.02)
    assert abs(np.corrcoef(grain[..., 0].ravel(), grain[..., 1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(grain[:, :-1].ravel(), grain[:, 1:].ravel())[0, 1]) < 0.02


def test_perlin_noise_is_as_strong_as_its_clouds() -> None:
    noise = Noise("perlin", 0.2)
    grain = np.stack([add_noise(MIDDLE, noise, 5, k).astype(float) - 128 for k in range(8)])
    strength = grain.std(axis=(-1, -3, -2))
    shares = [np.sqrt((some_clouds(noise, seed) ** 2).mean()) for seed in range(8)]

    assert abs(grain.mean()) < 0.3
    assert strength.mean() == pytest.approx(0.2 * GREY * np.mean(shares), rel=0.05)
    blocks = grain.reshape(8, 32, 8, 32, 8, 3).std(axis=(2, 4, 5))
    assert blocks.max() > 2.5 * blocks.min()


def test_the_frame_fades_towards_grey_by_the_share_of_the_noise() -> None:
    bright = np.full((200, 200, 3), 200, np.uint8)
    mixed = add_noise(bright, Noise("uniform", 0.25), 5, 2).astype(float)

    assert mixed.mean() == pytest.approx(0.75 * 200 + 0.25 * GREY, abs=0.5)


@pytest.mark.parametrize("octaves", [1, 4, 7])
def test_clouds_go_from_nought_to_one_around_the_half(octaves: int) -> None:
    fields = [some_clouds(Noise(octaves=octaves), seed) for seed in range(6)]

    assert {(float(f.min()), float(f.max())) for f in fields} == {(0.0, 1.0)}
    assert np.mean(fields) == pytest.approx(0.5, abs=0.05)
    assert 0.1 < np.mean([f.std() for f in fields]) < 0.25


def test_clouds_are_as_wide_and_high_as_the_cells() -> None:
    def length(axis: int, x: int, y: int) -> float:
        noise = Noise(cells_x=x, cells_y=y, octaves=1)
        return float(np.mean([correlation_length(some_clouds(noise, s), axis) for s in range(6)]))

    assert length(1, 8, 8) == pytest.approx(length(0, 8, 8), rel=0.15)
    assert length(1, 16, 8) == pytest.approx(length(1, 8, 8) / 2, rel=0.2)
    assert length(0, 8, 32) == pytest.approx(length(0, 8, 8) / 4, rel=0.25)
    assert 0.2 * 32 < length(1, 8, 8) < 0.6 * 32


def test_more_octaves_and_persistence_give_finer_clouds() -> None:
    lengths = [
        np.mean([correlation_length(some_clouds(noise, seed), 1) for seed in range(6)])
        for noise in (Noise(octaves=1), Noise(octaves=4), Noise(octaves=4, persistence=0.9))
    ]

    assert lengths[0] > lengths[1] > lengths[2]


def test_clouds_have_no_seams_at_the_corners_of_cells() -> None:
    field = some_clouds(Noise(cells_x=4, cells_y=4, octaves=1)).astype(float)
    bends = np.abs(np.diff(field, 2, axis=1)).mean(axis=0)

    assert bends[[62, 63, 126, 127, 190, 191]].max() < 2 * np.median(bends)


def test_clouds_keep_their_place_when_the_frame_is_larger() -> None:
    small, large = (some_clouds(Noise(octaves=2), 4, size) for size in ((64, 48), (256, 192)))
    reduced = large.reshape(48, 4, 64, 4).mean(axis=(1, 3))

    assert np.abs(small - reduced).max() < 0.05


def test_noise_follows_from_seed_and_frame_in_any_order() -> None:
    frame, noise = street(), Noise()
    once = {key: add_noise(frame, noise, *key) for key in ((1, 0), (1, 1), (2, 0), (0, 1))}
    again = {key: add_noise(frame, noise, *key) for key in reversed(once)}

    assert all(np.array_equal(once[key], again[key]) for key in once)
    assert len({part.tobytes() for part in once.values()}) == len(once)


def test_a_seed_of_any_size_is_a_seed() -> None:
    frame, noise = street(), Noise()
    parts = {add_noise(frame, noise, seed, 0).tobytes() for seed in (-1, 0, 2**63, 2**32)}

    assert len(parts) == 4


@pytest.mark.parametrize(
    "change", [{"kind": "pink"}, {"amount": 1.5}, {"octaves": 0}, {"cells_x": 0}]
)
def test_noise_that_cannot_be_made_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(RequestError) as caught:
        Noise(**change)  # type: ignore[arg-type]

    assert [caught.value.field] == list(change)
