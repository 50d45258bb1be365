"""The noise equals CUDA's, and depends on nothing but seed and number of the draw."""

import numpy as np
import pytest
import torch

from pipelines.worker.sampling import Philox, noise_like

# What torch.randn gives on a CUDA device: (seed, number of the call) → first values.
CUDA_RANDN = {
    (0, 0): [
        -0.9246624112129211,
        -0.42534396052360535,
        -2.643845796585083,
        0.14518387615680695,
        -0.12086650729179382,
        -0.5797256827354431,
        -0.6228513121604919,
        -0.32838714122772217,
    ],
    (0, 1): [0.18082588911056519, -0.5522627234458923, 0.9238134026527405, -0.7349703311920166],
    (1234567890, 0): [
        0.23617811501026154,
        1.2633901834487915,
        -0.5422237515449524,
        -0.6837679147720337,
        1.5004278421401978,
        1.477517008781433,
        -0.6750574707984924,
        1.031153917312622,
    ],
}


@pytest.mark.parametrize(("seed", "call"), CUDA_RANDN)
def test_equals_cuda_randn(seed: int, call: int) -> None:
    expected = CUDA_RANDN[seed, call]
    assert Philox(seed).draw(call, (len(expected),)).tolist() == expected


def test_a_larger_draw_begins_with_the_smaller_one() -> None:
    large = Philox(3).draw(0, (4, 8, 8)).flatten()
    assert torch.equal(large[:10], Philox(3).draw(0, (10,)))


def test_a_draw_does_not_depend_on_the_draws_before() -> None:
    noise = Philox(3)
    fifth = noise.draw(5, (4, 8, 8))
    noise.draw(0, (4, 64, 64))
    assert torch.equal(noise.draw(5, (4, 8, 8)), fifth)


@pytest.mark.parametrize("seed", [2**32 - 3, 2**32, 2**53 - 1])
def test_every_seed_gives_noise_of_its_own(seed: int) -> None:
    drawn = Philox(seed).draw(0, (64,))
    assert torch.isfinite(drawn).all()
    for other in (seed - 1, seed % 2**32 + 1):
        assert not torch.equal(drawn, Philox(other).draw(0, (64,)))


def test_numbers_are_standard_normal_and_draws_independent() -> None:
    first, second = (Philox(7).draw(k, (4, 128, 128)).double().numpy() for k in (0, 1))
    assert abs(first.mean()) < 0.015
    assert abs(first.std() - 1) < 0.015
    assert abs((np.abs(first) < 1).mean() - 0.6827) < 0.01
    assert abs((first * second).mean()) < 0.015
    assert abs((first[:, 1:] * first[:, :-1]).mean()) < 0.015


def test_noise_like_has_the_shape_of_one_picture() -> None:
    x = torch.zeros(1, 4, 8, 8)
    drawn = noise_like(x, Philox(1), 2)
    assert drawn.shape == x.shape
    assert drawn.dtype == torch.float32
    assert torch.equal(drawn[0], Philox(1).draw(2, (4, 8, 8)))
