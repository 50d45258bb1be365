"""Against exact solutions: when all numbers are normal, the denoiser and the paths are known in closed form.

With data of standard deviation s, D(x; σ) = x·s²/(s² + σ²), and the probability-flow equation leads from x at σ to
x·√((s² + σ'²)/(s² + σ²)) at σ'. Every stochastic sampler must end with the variance of the data.
"""

import math

import numpy as np
import pytest
import torch

from pipelines.worker.sampling import STEPS, Philox, Plan, State, init, step
from pipelines.worker.sampling.schedules import Sigmas
from tests.pipelines.worker.sampling.toys import gaussian_denoiser

DEVIATION = 0.8
FROM, TO = 10.0, 0.2


def levels(steps: int) -> Sigmas:
    """Even in ln σ, ending above 0, so that no step is infinitely long."""
    return tuple(np.geomspace(FROM, TO, steps + 1).tolist())


def error(sampler: str, steps: int) -> float:
    """How far from the exact end a path of so many steps ends, from x = 1 at σ = 10."""
    denoise, sigmas = gaussian_denoiser(DEVIATION), levels(steps)
    state = State(x=torch.ones(1, 1, 1, 1, dtype=torch.float64))
    for _ in range(steps):
        state = STEPS[sampler](denoise, sigmas, Philox(0), state)
    exact = math.sqrt((DEVIATION**2 + TO**2) / (DEVIATION**2 + FROM**2))
    return abs(state.x.item() - exact)


@pytest.mark.parametrize(
    ("sampler", "order"),
    [("Euler", 1), ("DDIM", 1), ("Heun", 2), ("DPM++ 2M", 2), ("UniPC", 2)],
)
def test_halving_the_steps_shrinks_the_error_by_the_order(sampler: str, order: int) -> None:
    measured = math.log2(error(sampler, 80) / error(sampler, 160))
    assert measured > order - 0.15


def test_better_samplers_come_closer_in_as_many_steps() -> None:
    errors = [error(sampler, 16) for sampler in ("Euler", "DPM++ 2M", "UniPC")]
    assert errors == sorted(errors, reverse=True)


def test_ddim_is_euler_in_sigma() -> None:
    assert error("DDIM", 16) == pytest.approx(error("Euler", 16), rel=1e-9)


@pytest.mark.parametrize(
    ("sampler", "tolerance"), [("Euler a", 0.04), ("DPM++ 2M SDE", 0.03), ("DPM++ SDE", 0.03)]
)
def test_stochastic_samplers_end_with_the_variance_of_the_data(
    sampler: str, tolerance: float
) -> None:
    whole = Plan(sampler, (*np.geomspace(40.0, 0.01, 120).tolist(), 0.0))
    state = init(whole, Philox(9), (4, 64, 64))
    while not whole.is_done(state):
        state = step(whole, gaussian_denoiser(DEVIATION), Philox(9), state)
    assert state.x.std().item() == pytest.approx(DEVIATION, rel=tolerance)
    assert abs(state.x.mean().item()) < 0.03


def test_lcm_puts_noise_of_the_next_level_on_the_guess() -> None:
    x = torch.full((1, 4, 64, 64), 3.0)
    after = STEPS["LCM"](gaussian_denoiser(1.0), (3.0, 0.5, 0.0), Philox(1), State(x=x, draws=1))
    assert after.x.mean().item() == pytest.approx(0.3, abs=0.02)
    assert after.x.std().item() == pytest.approx(0.5, rel=0.03)
