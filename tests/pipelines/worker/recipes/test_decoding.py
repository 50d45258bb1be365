"""Latents to pixels: as diffusers does it, in float32 when half precision fails, and never a black picture."""

from __future__ import annotations

import pytest
import torch
from diffusers.image_processor import VaeImageProcessor

from pipelines.errors import NotFinite
from pipelines.worker.recipes.decoding import decode
from tests import tiny
from tests.pipelines.worker.workbench import Workbench


def test_pixels_are_those_of_diffusers(bench: Workbench) -> None:
    latents = torch.randn(1, 4, 8, 12, generator=torch.Generator().manual_seed(1))
    image = tiny.components().vae.decode(latents / 0.18215, return_dict=False)[0]
    wanted = VaeImageProcessor().postprocess(image, output_type="pil")[0]

    pixels = decode(latents, bench.model())

    assert pixels.shape == (64, 96, 3)
    assert pixels.dtype is torch.uint8
    assert pixels.numpy().tobytes() == wanted.tobytes()


def test_nan_of_the_vae_is_cured_by_one_try_in_float32(bench: Workbench) -> None:
    model, vae = bench.model(), bench.network("vae")
    latents = torch.ones(1, 4, 8, 8)
    wanted, tries = decode(latents, model), []

    def spoil_the_first(module: torch.nn.Module, inputs: object, output: torch.Tensor) -> object:
        tries.append(output.dtype)
        return output * torch.nan if len(tries) == 1 else output

    with vae.decoder.register_forward_hook(spoil_the_first):
        pixels = decode(latents, model)

    assert torch.equal(pixels, wanted)
    assert len(tries) == 2


def test_nan_in_float32_too_is_an_error(bench: Workbench) -> None:
    model, vae = bench.model(), bench.network("vae")

    with (
        vae.decoder.register_forward_hook(lambda module, inputs, output: output * torch.nan),
        pytest.raises(NotFinite, match="decoded picture"),
    ):
        decode(torch.ones(1, 4, 8, 8), model)
