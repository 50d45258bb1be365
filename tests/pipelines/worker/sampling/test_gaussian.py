"""Against exact solutions: when all numbers are normal, the denoiser and the paths are known in closed form.

With data of standard deviation s, D(x; σ) = x·s²/(s² + σ²), and the probability-flow equation leads from x at σ to
x·√((s² + σ'²)/(s² + σ²)) at σ'. Every stochastic sampler must end with the variance of the data.
"""

import math

import numpy as np
import pytest
import torch

from pipelines.asking.sampling import Sampling
from pipelines.worker.sampling import STEPS, Philox, Plan, State, init, step
from pipelines.worker.sampling.arranging import fast_levels, restart_levels
from pipelines.worker.sampling.schedules import Sigmas
from tests.pipelines.worker.sampling.toys import gaussian_denoiser

DEVIATION = 0.8
FROM, TO = 10.0, 0.2


def levels(steps: int) -> Sigmas:
    """Even in ln σ, ending above 0, so that no step is infinitely long."""
    return tuple(np.geomspace(FROM, TO, steps + 1).tolist())


def error(sampler: str, steps: int) -> float:
    """How far from the exact end a path of so many steps ends, from x = 1 at σ = 10, without fresh noise."""
    whole = Plan(sampler, levels(steps), Sampling(eta=0.0))
    state = State(x=torch.ones(1, 1, 1, 1, dtype=torch.float64))
    while not whole.is_done(state):
        state = step(whole, gaussian_denoiser(DEVIATION), Philox(0), state)
    exact = math.sqrt((DEVIATION**2 + TO**2) / (DEVIATION**2 + FROM**2))
    return abs(state.x.item() - exact)


# Those of higher order than two take their first step, or their last, with less.
ORDERS = {
    "Euler": 1,
    "Euler a": 1,
    "DDIM": 1,
    "DDIM CFG++": 1,
    "Euler CFG++": 1,
    "HeunPP2": 1,
    "Heun": 2,
    "Restart": 2,
    "DPM2": 2,
    "DPM2 a": 2,
    "DPM++ 2M": 2,
    "DPM++ 2M SDE": 2,
    "DPM++ 2M SDE Heun": 2,
    "DPM++ SDE": 2,
    "DPM++ 2S a": 2,
    "UniPC": 2,
    "PLMS": 2,
    "IPNDM": 2,
    "DPM++ 3M SDE": 2,
    "DPM fast": 2,
    "DEIS": 2,
    "LMS": 2,
    "IPNDM_V": 2,
}
# These add noise whatever they are told, or are as exact as is asked, not as the steps are short.
WITHOUT_ORDER = {"DDPM", "LCM", "DPM adaptive"}


def test_the_order_of_every_sampler_that_has_one_is_known() -> None:
    assert set(ORDERS) | WITHOUT_ORDER == set(STEPS)


@pytest.mark.parametrize("sampler", ORDERS)
def test_halving_the_steps_shrinks_the_error_by_the_order(sampler: str) -> None:
    measured = math.log2(error(sampler, 81) / error(sampler, 162))
    assert measured > ORDERS[sampler] - 0.15


@pytest.mark.parametrize("steps", [1, 4, 16])
def test_dpm_adaptive_is_as_exact_as_it_is_asked_in_any_number_of_steps(steps: int) -> None:
    assert error("DPM adaptive", steps) < 0.01


def test_better_samplers_come_closer_in_as_many_steps() -> None:
    errors = [error(sampler, 16) for sampler in ("Euler", "DPM++ 2M", "UniPC", "DEIS")]
    assert errors == sorted(errors, reverse=True)


def test_ddim_is_euler_in_sigma() -> None:
    assert error("DDIM", 16) == pytest.approx(error("Euler", 16), rel=1e-9)


@pytest.mark.parametrize("eta", [1.0, 0.5])
@pytest.mark.parametrize(
    "sampler",
    [
        "Euler a",
        "DPM2 a",
        "DPM++ 2S a",
        "DPM++ SDE",
        "DPM++ 2M SDE",
        "DPM++ 2M SDE Heun",
        "DPM++ 3M SDE",
        "DPM fast",
        "DPM adaptive",
        "DDIM",
        "DDIM CFG++",
        "DDPM",
    ],
)
def test_stochastic_samplers_end_with_the_variance_of_the_data(sampler: str, eta: float) -> None:
    levels = (*np.geomspace(40.0, 0.01, 121).tolist(), 0.0)
    if sampler == "DPM fast":
        levels = fast_levels(levels, Sampling(eta=eta))
    assert_ends_with_the_variance_of_the_data(Plan(sampler, levels, Sampling(eta=eta)))


@pytest.mark.parametrize(
    ("sampler", "tolerance"), [("Euler", 0.08), ("HeunPP2", 0.08), ("Heun", 0.03), ("DPM2", 0.03)]
)
def test_churn_keeps_the_variance_of_the_data(sampler: str, tolerance: float) -> None:
    levels = (*np.geomspace(40.0, 0.01, 121).tolist(), 0.0)
    whole = Plan(sampler, levels, Sampling(churn=20.0))
    state = assert_ends_with_the_variance_of_the_data(whole, tolerance)
    assert state.draws == 122


def test_restart_goes_up_again_and_ends_with_the_variance_of_the_data() -> None:
    levels = (*np.geomspace(40.0, 0.01, 121).tolist(), 0.0)
    whole = Plan("Restart", restart_levels(levels, Sampling()))
    state = assert_ends_with_the_variance_of_the_data(whole)
    assert state.draws == 3


def assert_ends_with_the_variance_of_the_data(whole: Plan, tolerance: float = 0.06) -> State:
    state = init(whole, Philox(9), (4, 32, 32))
    while not whole.is_done(state):
        state = step(whole, gaussian_denoiser(DEVIATION), Philox(9), state)
    assert state.x.std().item() == pytest.approx(DEVIATION, rel=tolerance)
    assert abs(state.x.mean().item()) < 0.05
    return state


def test_lcm_puts_noise_of_the_next_level_on_the_guess() -> None:
    x = torch.full((1, 4, 64, 64), 3.0)
    whole = Plan("LCM", (3.0, 0.5, 0.0))
    after = step(whole, gaussian_denoiser(1.0), Philox(1), State(x=x, draws=1))
    assert after.x.mean().item() == pytest.approx(0.3, abs=0.02)
    assert after.x.std().item() == pytest.approx(0.5, rel=0.03)
