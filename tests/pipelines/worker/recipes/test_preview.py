"""Previews: the right colours, the right side up, small."""

from __future__ import annotations

import dataclasses
import io

import pytest
import torch
from PIL import Image

from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.preview import LatentColours, colours_of, preview
from tests.pipelines.worker.workbench import Workbench

RED_GREEN_BLUE = LatentColours(
    torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]]), torch.zeros(3)
)


def open_jpeg(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    return image


def test_latents_are_shown_in_their_colours_and_places() -> None:
    x0 = torch.zeros(1, 4, 16, 24)
    x0[0, 0, :8] = 1.0  # the upper half red
    x0[0, 2, 8:, 12:] = 2.0  # bottom right blue, beyond what can be shown

    image = open_jpeg(preview(x0, RED_GREEN_BLUE))

    assert image.size == (24 * 8, 16 * 8)
    for place, colour in (
        ((48, 16), (254, 0, 0)),
        ((160, 110), (0, 0, 254)),
        ((20, 110), (0, 0, 0)),
    ):
        assert image.getpixel(place) == pytest.approx(colour, abs=12)


@pytest.mark.parametrize(("cells", "px"), [(8, 128), (16, 128), (64, 128), (100, 100), (256, 256)])
def test_small_previews_are_enlarged_to_about_128_px(cells: int, px: int) -> None:
    assert open_jpeg(preview(torch.zeros(1, 4, cells, cells), RED_GREEN_BLUE)).size == (px, px)


def test_a_preview_of_half_a_megapixel_is_a_few_kilobytes() -> None:
    noise = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))

    assert len(preview(noise, RED_GREEN_BLUE)) < 12_000


def test_a_checkpoint_may_bring_its_own_colours(bench: Workbench, toy: CheckpointRef) -> None:
    model = bench.model()
    own = dataclasses.replace(
        toy, latent_rgb_factors=((1.0, 2.0, 3.0),) * 4, latent_rgb_bias=(0.1, 0.2, 0.3)
    )

    of_family, of_own = colours_of(model), colours_of(dataclasses.replace(model, ref=own))

    assert of_family.factors.shape == (4, 3)
    assert of_family.bias.tolist() == [0.5, 0.5, 0.5]
    assert of_own.factors.tolist() == [[1.0, 2.0, 3.0]] * 4
    assert of_own.bias.tolist() == pytest.approx([0.1, 0.2, 0.3])
