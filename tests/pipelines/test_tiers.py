"""Which tier a model gets: the first that fits, by plain numbers."""

from __future__ import annotations

import pytest

from pipelines.tiers import FLOAT8, OFFLOAD, RESIDENT, STREAM, Room, Sizes, choose, fits, peak_bytes

GB = 2**30
# Stable Diffusion XL in float16, its VAE working in float32.
SDXL = Sizes(
    denoiser=int(4.78 * GB),
    text_encoders=(GB // 4, int(1.3 * GB)),
    vae=GB // 6,
    largest_layer=GB // 16,
    denoiser_work=GB // 3,
    vae_work=3 * GB,
)
MUCH_RAM = 64 * GB


@pytest.mark.parametrize(
    ("device_gb", "tier"), [(24, RESIDENT), (12, RESIDENT), (8, OFFLOAD), (6, OFFLOAD), (4, STREAM)]
)
def test_a_smaller_card_gets_a_slower_tier(device_gb: int, tier: object) -> None:
    assert choose(SDXL, Room(device_gb * GB, MUCH_RAM)) is tier


def test_each_tier_needs_no_more_of_the_device_than_the_one_before() -> None:
    peaks = [peak_bytes(tier, SDXL) for tier in (RESIDENT, OFFLOAD, STREAM)]

    assert peaks == sorted(peaks, reverse=True)


def test_without_ram_for_the_weights_they_are_kept_in_eight_bits() -> None:
    assert choose(SDXL, Room(24 * GB, 6 * GB)) is FLOAT8
    assert choose(SDXL, Room(4 * GB)) is FLOAT8


def test_what_fits_nowhere_is_tried_in_the_smallest_tier() -> None:
    nowhere = Room(GB, GB)

    assert not fits(FLOAT8, SDXL, nowhere)
    assert choose(SDXL, nowhere) is FLOAT8


def test_a_tier_can_be_forced_where_the_device_has_it() -> None:
    assert choose(SDXL, Room(24 * GB, MUCH_RAM), "stream") is STREAM
    assert choose(SDXL, Room(24 * GB), "stream") is RESIDENT, "there is no memory to stream from"
