"""The schedules give the noise levels that AUTOMATIC1111 gives."""

from itertools import pairwise

import pytest

from pipelines.samplers import AUTOMATIC, SCHEDULES
from pipelines.worker.sampling import NoiseSchedule
from pipelines.worker.sampling.schedules import SCHEDULE_FUNCTIONS
from tests.pipelines.worker.sampling.toys import SD15, STARTER, training

# Observed for Stable Diffusion 1.5 and ten steps.
A1111 = {
    "Uniform": [
        14.614641, 7.839883, 4.609174, 2.918307, 1.950161,
        1.344928, 0.932358, 0.624977, 0.368658, 0.029167, 0.0,
    ],
    "Karras": [
        14.614641, 9.102928, 5.478392, 3.168603, 1.749417,
        0.914072, 0.446918, 0.201398, 0.08191, 0.029167, 0.0,
    ],
    "Exponential": [
        14.614641, 7.32487, 3.671231, 1.840024, 0.922222,
        0.462218, 0.231664, 0.11611, 0.058195, 0.029167, 0.0,
    ],
    "SGM Uniform": [
        14.614641, 8.307172, 5.092408, 3.325069, 2.27973,
        1.61558, 1.162865, 0.831884, 0.571189, 0.343705, 0.0,
    ],
}  # fmt: skip

# scipy.stats.beta.ppf(share, 0.6, 0.6)
BETA_QUANTILES = {
    1.0: 1.0,
    0.9: 0.9604155944112192,
    0.75: 0.824319621347305,
    0.5: 0.5,
    0.25: 0.17568037865269498,
    0.1: 0.03958440558878085,
    0.0: 0.0,
}


@pytest.mark.parametrize("name", A1111)
def test_levels_are_those_of_automatic1111(name: str) -> None:
    assert SCHEDULE_FUNCTIONS[name](10, training()) == pytest.approx(A1111[name], abs=1e-6)


def test_simple_takes_every_hundredth_training_level_for_ten_steps() -> None:
    known = training()
    expected = [*known.sigmas[[999, 899, 799, 699, 599, 499, 399, 299, 199, 99]], 0.0]
    assert SCHEDULE_FUNCTIONS["Simple"](10, known) == pytest.approx(expected)


@pytest.mark.parametrize("share", BETA_QUANTILES)
def test_beta_takes_the_quantiles_of_the_beta_distribution(share: float) -> None:
    known = training()
    expected = known.sigma_min + BETA_QUANTILES[share] * (known.sigma_max - known.sigma_min)
    sigma = SCHEDULE_FUNCTIONS["Beta"](21, known)[round(20 * (1 - share))]
    assert sigma == pytest.approx(expected, rel=1e-12)


def test_every_schedule_has_a_function_and_every_function_a_name() -> None:
    assert set(SCHEDULE_FUNCTIONS) == {row.name for row in SCHEDULES} - {AUTOMATIC}


@pytest.mark.parametrize("name", SCHEDULE_FUNCTIONS)
@pytest.mark.parametrize("config", [SD15, STARTER, SD15 | {"rescale_betas_zero_snr": True}])
def test_levels_fall_from_the_noisiest_to_zero_for_any_number_of_steps(
    name: str, config: dict[str, object]
) -> None:
    known = NoiseSchedule.from_config(config)
    for steps in (1, 2, 3, 4, 20, 33, 150):
        sigmas = SCHEDULE_FUNCTIONS[name](steps, known)
        assert len(sigmas) == steps + 1
        assert sigmas[0] == pytest.approx(known.sigma_max)
        assert sigmas[-1] == 0.0
        assert all(earlier > later for earlier, later in pairwise(sigmas))
        assert all(type(sigma) is float for sigma in sigmas)
