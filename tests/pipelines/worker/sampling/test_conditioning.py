"""Prompts over the steps, sums of prompts, guidance, and when the negative prompt is left out."""

import pytest
import torch
from torch import Tensor

from pipelines.worker.sampling import Conditioning, Moment, Philox, guided_denoiser
from pipelines.worker.sampling.conditioning import guide, needs_uncond
from tests.pipelines.worker.sampling.toys import training

RED, BLUE, GREEN, NOTHING = (torch.full((1, 3, 2), value) for value in (1.0, 2.0, 3.0, 0.0))


def test_moments_change_after_their_step() -> None:
    moments = (Moment(((1.0, RED),), NOTHING, 7.0), Moment(((1.0, BLUE), (-0.5, GREEN)), RED, 3.0))
    conditioning = Conditioning(((3, moments[0]), (5, moments[1])))
    seen = [conditioning.at(step) for step in range(8)]
    assert [moment is moments[0] for moment in seen] == [True] * 3 + [False] * 5
    assert all(moment is moments[1] for moment in seen[3:])


def test_a_constant_prompt_is_one_part_of_weight_one() -> None:
    moment = Conditioning.constant(RED, NOTHING, 7.0).at(17)
    assert [(weight, embedding is RED) for weight, embedding in moment.parts] == [(1.0, True)]
    assert moment.negative is NOTHING
    assert moment.guidance_scale == 7.0


def test_guidance_is_a_weighted_sum_of_differences() -> None:
    cond_a, cond_b, uncond = (torch.tensor([value]) for value in (3.0, 5.0, 1.0))
    assert guide([cond_a], [1.0], 7.0, uncond).item() == 1 + 7 * 2
    assert guide([cond_a, cond_b], [1.0, 1.0], 7.0, uncond).item() == 1 + 7 * (2 + 4)
    assert guide([cond_a, cond_b], [1.0, -0.5], 2.0, uncond).item() == 1 + 2 * (2 - 0.5 * 4)


@pytest.mark.parametrize(
    ("weights", "guidance_scale", "needed"),
    [
        pytest.param([1.0], 1.0, False, id="cfg-1"),
        pytest.param([1.0], 7.0, True, id="cfg-7"),
        pytest.param([1.0], 0.0, True, id="cfg-0-is-the-negative-prompt-alone"),
        pytest.param([1.0, 1.0], 1.0, True, id="two-parts-double-the-guidance"),
        pytest.param([0.7, 0.3], 1.0, False, id="parts-that-sum-to-one"),
    ],
)
def test_the_negative_prompt_is_left_out_only_where_its_weight_is_zero(
    weights: list[float], guidance_scale: float, needed: bool
) -> None:
    assert needs_uncond(weights, guidance_scale) is needed
    if not needed:
        x0s = [torch.tensor([3.0 + k]) for k in range(len(weights))]
        full = guide(x0s, weights, guidance_scale, torch.tensor([100.0]))
        torch.testing.assert_close(
            guide(x0s, weights, guidance_scale, None), full, rtol=1e-4, atol=0
        )


@pytest.mark.parametrize(("guidance_scale", "evaluated"), [(1.0, [1.0]), (7.0, [0.0, 1.0])])
def test_the_denoiser_asks_only_for_embeddings_that_count(
    guidance_scale: float, evaluated: list[float]
) -> None:
    asked: list[float] = []

    def predict(x: Tensor, timestep: float, embeddings: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        asked.extend(embedding[0, 0, 0].item() for embedding in embeddings)
        return tuple(x * embedding[0, 0, 0] for embedding in embeddings)

    conditioning = Conditioning.constant(RED, NOTHING, guidance_scale)
    denoise = guided_denoiser(predict, conditioning, training())
    denoised = denoise(Philox(0).draw(0, (1, 4, 8, 8)), 2.0, 0)
    assert asked == evaluated
    assert (denoised.x0_uncond is None) is (guidance_scale == 1.0)


def test_the_denoiser_scales_the_input_and_answers_in_float32() -> None:
    known = training("v_prediction")
    x = Philox(0).draw(0, (1, 4, 8, 8))
    x0 = torch.zeros_like(x)
    seen = []

    def predict(scaled: Tensor, timestep: float, embeddings: tuple[Tensor, ...]) -> tuple[Tensor]:
        seen.append((scaled, timestep))
        return (known.output(x0, x, 3.0).bfloat16(),)

    denoise = guided_denoiser(predict, Conditioning.constant(RED, NOTHING, 1.0), known)
    denoised = denoise(x, 3.0, 0)
    scaled, timestep = seen[0]
    torch.testing.assert_close(scaled, x / 10**0.5)
    assert known.sigma(timestep) == pytest.approx(3.0)
    assert denoised.x0.dtype == torch.float32
    torch.testing.assert_close(denoised.x0, x0, atol=0.02, rtol=0)
