"""What a model of full size takes on a card: counted, and never more than the card has."""

from __future__ import annotations

import pytest
import torch

from benchmarks import tiers
from benchmarks.counting import peak_bytes
from pipelines.worker.weights.families import FAMILIES, VAE_NUMBERS_PER_CHANNEL, find_family
from tests import tiny
from tests.pipelines.worker.weights.test_full_size import published


@pytest.mark.parametrize(
    ("family", "card_gb", "tier"),
    [("sd15", 4, "resident"), ("sdxl", 4, "stream"), ("sdxl", 8, "offload")],
)
def test_a_card_holds_what_is_placed_on_it(family: str, card_gb: int, tier: str) -> None:
    row = tiers.row(family, card_gb)

    assert row.figures[0] == tier
    assert row.is_met


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_what_a_forward_takes_is_guessed_a_little_too_high(family: str) -> None:
    unet, row = published(family).unet, find_family(family)
    rows, side = 2, 32
    width, time_ids = unet.config.cross_attention_dim, 5 if row.aesthetic_scores else 6
    with torch.device("meta"):
        told = {"text_embeds": torch.empty(rows, 1280), "time_ids": torch.empty(rows, time_ids)}
        inputs = {
            "sample": torch.empty(rows, unet.config.in_channels, side, side),
            "timestep": torch.empty(rows),
            "encoder_hidden_states": torch.empty(rows, 77, width),
            "added_cond_kwargs": told if row.is_told_its_size else None,
        }

    counted = peak_bytes(lambda: unet(**inputs), unet.parameters())

    guessed = row.denoiser_work(unet.config.block_out_channels[0]) * rows * side**2 * 4
    assert counted <= guessed <= 1.1 * counted


def test_what_a_vae_takes_is_guessed_a_little_too_high() -> None:
    vae = published("sd15").vae
    z = torch.empty(1, 4, 32, 32, device="meta")

    counted = peak_bytes(lambda: vae.decode(z), vae.parameters())

    guessed = VAE_NUMBERS_PER_CHANNEL * 128 * 256**2 * 4
    assert counted <= guessed <= 1.1 * counted


def test_shapes_without_numbers_take_what_numbers_take() -> None:
    counts = []
    for device in ("meta", "cpu"):
        vae = tiny.components().vae.to(device)
        z = torch.zeros(1, 4, 16, 16, device=device)
        counts.append(peak_bytes(lambda vae=vae, z=z: vae.decode(z), vae.parameters()))

    assert counts[0] == counts[1] > 0
