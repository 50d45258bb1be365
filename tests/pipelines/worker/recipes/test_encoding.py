"""Pictures to latents: as diffusers does it, one by one or together, in float32 when half precision fails."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pipelines.errors import NotFinite
from pipelines.worker.engine.batching import Joiner, likeness
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.recipes.surroundings import nothing_around
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, request


def picture(seed: int) -> Tensor:
    return torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_latents_are_the_means_that_diffusers_gives(bench: Workbench) -> None:
    wanted = tiny.components().vae.encode(picture(1)).latent_dist.mode() * 0.18215

    latents = encode(picture(1), bench.model())

    assert latents.shape == (1, 4, 8, 12)
    torch.testing.assert_close(latents, wanted)


def test_pictures_of_several_jobs_may_be_encoded_together(bench: Workbench) -> None:
    encoder = bench.model().vae.encode
    calls = [{"x": picture(seed)} for seed in (1, 2)]
    assert encoder.rules is not None
    assert likeness(calls[0], encoder.rules) == likeness(calls[1], encoder.rules) is not None

    together = encoder.run(Joiner().join(calls, encoder.rules))

    for row, call in zip(together.split(1), calls, strict=True):
        torch.testing.assert_close(row, encoder.run(call), rtol=1e-4, atol=1e-5)


def test_nan_is_cured_by_one_try_in_float32_or_said(bench: Workbench) -> None:
    model, vae = bench.model(), bench.network("vae")
    wanted = encode(picture(1), model)
    tries: list[Tensor] = []

    def spoil_the_first(module: torch.nn.Module, inputs: object, output: Tensor) -> Tensor:
        tries.append(output)
        return output * torch.nan if len(tries) == 1 else output

    with vae.encoder.register_forward_hook(spoil_the_first):
        assert torch.equal(encode(picture(1), model), wanted)
    with (
        vae.encoder.register_forward_hook(lambda module, inputs, output: output * torch.nan),
        pytest.raises(NotFinite, match="encoded picture"),
    ):
        encode(picture(1), model)


def test_around_a_picture_from_words_alone_all_is_grey_and_to_be_painted(bench: Workbench) -> None:
    model = bench.model()

    around = nothing_around(request(width=96), model)

    assert torch.equal(around.mask, torch.ones(1, 1, 8, 12))
    assert torch.equal(around.picture, encode(torch.zeros(1, 3, 64, 96), model))
    assert nothing_around(request(width=96), model) is around
    assert nothing_around(request(width=64), model) is not around
