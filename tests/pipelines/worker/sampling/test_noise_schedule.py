"""Noise levels of the training, fractional timesteps, and what a network's output means."""

import math

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

from pipelines.errors import ModelUnreadable
from pipelines.worker.sampling import NoiseSchedule, Philox
from tests.pipelines.worker.sampling.toys import SD15, STARTER, training


def test_stable_diffusion_15_has_the_known_ends() -> None:
    known = training()
    assert known.sigma_min == pytest.approx(0.029167158151720367, rel=1e-12)
    assert known.sigma_max == pytest.approx(14.614641229333639, rel=1e-12)
    assert known.last_timestep == 999


@pytest.mark.parametrize(
    "config",
    [
        SD15,
        STARTER,
        {},
        {"beta_schedule": "linear", "beta_start": 0.0002, "num_train_timesteps": 500},
        {"beta_schedule": "squaredcos_cap_v2"},
        {"trained_betas": [0.01, 0.02, 0.04]},
        SD15 | {"rescale_betas_zero_snr": True},
    ],
)
def test_alphas_equal_those_of_diffusers(config: dict[str, object]) -> None:
    theirs = DDPMScheduler(**config).alphas_cumprod.double().numpy()
    ours = NoiseSchedule.from_config(config).alphas_cumprod
    np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-7)


def test_pure_noise_has_a_finite_level() -> None:
    rescaled = NoiseSchedule.from_config(SD15 | {"rescale_betas_zero_snr": True})
    assert rescaled.sigma_max == pytest.approx(4096, rel=1e-3)


@pytest.mark.parametrize(
    ("field", "value"), [("beta_schedule", "sigmoid"), ("prediction_type", "flow")]
)
def test_an_unknown_training_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(ModelUnreadable, match=f"{field} = '{value}'"):
        NoiseSchedule.from_config({field: value})


def test_whole_timesteps_have_their_own_level() -> None:
    known = training()
    for timestep in (0, 1, 500, 999):
        assert known.sigma(timestep) == pytest.approx(known.sigmas[timestep])
        assert known.timestep(float(known.sigmas[timestep])) == pytest.approx(timestep)


def test_between_timesteps_the_logarithm_is_linear() -> None:
    known = training()
    between = math.sqrt(known.sigmas[300] * known.sigmas[301])
    assert known.timestep(between) == pytest.approx(300.5)
    assert known.sigma(300.5) == pytest.approx(between)


def test_levels_beyond_the_training_get_the_nearest_timestep() -> None:
    known = training()
    assert known.timestep(100.0) == 999
    assert known.timestep(0.001) == 0


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sigma", [0.03, 1.0, 14.6])
def test_the_output_is_what_diffusers_trains_on(prediction_type: str, sigma: float) -> None:
    known = training(prediction_type)
    x0, noise = (Philox(1).draw(k, (1, 4, 8, 8)).double() for k in (0, 1))
    x = x0 + sigma * noise
    alpha_root = 1 / math.sqrt(sigma**2 + 1)
    target = {"epsilon": noise, "v_prediction": alpha_root * noise - sigma * alpha_root * x0}
    output = target[prediction_type]
    torch.testing.assert_close(known.x0(output, x, sigma), x0)
    torch.testing.assert_close(known.output(x0, x, sigma), output)
    assert known.c_in(sigma) == pytest.approx(alpha_root)
