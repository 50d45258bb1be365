"""Whose noise a picture gets: seeds of every source, variations, other sizes, and other seeds on the way."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from pipelines.asking.beginnings import Beginning
from pipelines.asking.noise import SOURCES, Noise
from pipelines.request import Request
from pipelines.worker.sampling import Philox, noise_of
from pipelines.worker.sampling.noise import STREAMS, centred, slerp

SHAPE, SEED = (4, 8, 12), 7


def drawn(number: int = 0, step: int = 0, seed: int = SEED, **asked: Any) -> Tensor:
    """A draw of a picture of 96 × 64 px; `beginnings` and all fields of Noise."""
    beginnings = asked.pop("beginnings", ())
    request = Request(noise=Noise(**asked), beginnings=beginnings)
    return noise_of(request, seed, "cpu", 8).at(step).draw(number, SHAPE)


def torch_draws(seed: int, count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(SHAPE, generator=generator) for _ in range(count)]


def test_every_source_that_can_be_asked_for_has_its_stream() -> None:
    assert list(STREAMS) == list(SOURCES)


@pytest.mark.parametrize("number", [0, 1, 5])
def test_with_nothing_asked_the_seed_alone_decides(number: int) -> None:
    assert torch.equal(drawn(number, step=3), Philox(SEED).draw(number, SHAPE))


@pytest.mark.parametrize("source", ["cpu", "gpu"])
def test_torchs_generators_give_their_draws_in_any_order(source: str) -> None:
    """Without a GPU both are the processor's."""
    expected = torch_draws(SEED, 5)
    stream = STREAMS[source](SEED, "cpu")
    for number in (0, 3, 1, 4, 4, 0, 2):
        assert torch.equal(stream.draw(number, SHAPE), expected[number])
        assert torch.equal(drawn(number, source=source), expected[number])


@pytest.mark.parametrize("source", SOURCES)
def test_a_picture_that_goes_on_gets_the_draws_that_it_would_have_got(source: str) -> None:
    noise = noise_of(Request(noise=Noise(source=source)), SEED, "cpu", 8)
    whole = [noise.draw(number, SHAPE) for number in range(6)]
    again = noise_of(Request(noise=Noise(source=source)), SEED, "cpu", 8)
    assert all(torch.equal(again.draw(k, SHAPE), whole[k]) for k in range(3, 6))


def test_ensd_begins_another_stream_after_the_first_noise() -> None:
    assert torch.equal(drawn(0, seed_delta=31337), Philox(SEED).draw(0, SHAPE))
    for number in (1, 2, 3):
        other = Philox(SEED + 31337).draw(number - 1, SHAPE)
        assert torch.equal(drawn(number, seed_delta=31337), other)
    expected = torch_draws(SEED + 31337, 1)[0]
    assert torch.equal(drawn(1, source="cpu", seed_delta=31337), expected)


def test_seeds_may_fall_below_zero_with_ensd() -> None:
    assert torch.isfinite(drawn(1, seed=3, seed_delta=-10)).all()
    assert torch.isfinite(drawn(1, seed=3, seed_delta=-10, source="cpu")).all()


def test_a_later_seed_gives_the_noise_on_the_way_from_its_step_on() -> None:
    beginnings = (Beginning(until=2), Beginning(until=5, later_seed=11))
    whose = [SEED, SEED, 11, 11, 11, 13, 13]
    for step, seed in enumerate(whose):
        number = step + 1
        noise = drawn(number, step=step, beginnings=beginnings, later_seed=13)
        assert torch.equal(noise, Philox(seed).draw(number, SHAPE))
    first = drawn(0, step=6, beginnings=beginnings, later_seed=13)
    assert torch.equal(first, Philox(SEED).draw(0, SHAPE))


def test_a_variation_lies_between_two_seeds_and_changes_only_the_beginning() -> None:
    one, other = Philox(SEED).draw(0, SHAPE), Philox(99).draw(0, SHAPE)
    varied = drawn(0, variation_seed=99, variation_strength=0.3)
    assert torch.equal(varied, slerp(0.3, one, other))
    assert torch.allclose(drawn(0, variation_seed=99, variation_strength=1.0), other, atol=1e-5)
    assert torch.equal(drawn(0, variation_seed=99, variation_strength=0.0), one)
    later = drawn(1, variation_seed=99, variation_strength=0.3)
    assert torch.equal(later, Philox(SEED).draw(1, SHAPE))


def test_the_angle_is_that_of_the_columns_of_each_channel() -> None:
    low, high = torch.zeros(1, 2, 2), torch.zeros(1, 2, 2)
    low[0, :, 0], high[0, :, 0] = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    low[0, :, 1], high[0, :, 1] = torch.tensor([0.0, 2.0]), torch.tensor([2.0, 0.0])
    half = slerp(0.5, low, high)
    root = 0.5**0.5
    expected = torch.tensor([[[root, 2 * root], [root, 2 * root]]])
    torch.testing.assert_close(half, expected)


def test_noises_that_are_nearly_the_same_are_mixed_the_wrong_way_round_as_in_automatic1111() -> (
    None
):
    low = Philox(1).draw(0, SHAPE)
    high = low + 0.001 * Philox(2).draw(0, SHAPE)
    torch.testing.assert_close(slerp(0.25, low, high), 0.25 * low + 0.75 * high)


@pytest.mark.parametrize("source", ["nv", "cpu"])
def test_noise_of_a_smaller_size_stands_in_the_middle(source: str) -> None:
    placed = drawn(0, from_width=64, from_height=32, source=source)  # 4 × 8 cells in 8 × 12
    small = STREAMS[source](SEED, "cpu").draw(0, (4, 4, 8))
    whole = STREAMS[source](SEED, "cpu").draw(0, SHAPE)
    assert torch.equal(placed[:, 2:6, 2:10], small)
    placed[:, 2:6, 2:10] = whole[:, 2:6, 2:10]
    assert torch.equal(placed, whole)


def test_of_noise_of_a_larger_size_the_middle_is_taken() -> None:
    placed = drawn(0, from_width=128, from_height=96)  # 12 × 16 cells
    assert torch.equal(placed, Philox(SEED).draw(0, (4, 12, 16))[:, 2:10, 2:14])


def test_draws_after_one_of_another_size_are_those_of_the_seed() -> None:
    for source in ("nv", "cpu"):
        resized = drawn(2, from_width=64, from_height=32, source=source)
        assert torch.equal(resized, drawn(2, source=source))


@pytest.mark.parametrize(
    ("length", "target", "taken", "placed"),
    [
        (5, 8, range(5), range(1, 6)),
        (8, 8, range(8), range(8)),
        (8, 5, range(2, 6), range(4)),  # one cell of the target keeps its own: −3 // 2 is −2
        (9, 5, range(2, 7), range(5)),
    ],
)
def test_odd_differences_are_halved_as_automatic1111_does(
    length: int, target: int, taken: range, placed: range
) -> None:
    small = torch.arange(1.0, length + 1).reshape(1, 1, length)
    result = centred(small, torch.zeros(1, 1, target))
    expected = torch.zeros(1, 1, target)
    expected[..., list(placed)] = small[..., list(taken)]
    assert torch.equal(result, expected)
