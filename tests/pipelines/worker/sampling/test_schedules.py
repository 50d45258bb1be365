"""The schedules give the noise levels that AUTOMATIC1111 gives."""

import math
from itertools import pairwise

import numpy as np
import pytest

from pipelines.asking.sampling import Sampling
from pipelines.errors import RequestError
from pipelines.samplers import AUTOMATIC, SCHEDULES, ScheduleName
from pipelines.worker.sampling import NoiseSchedule
from pipelines.worker.sampling.beta_distribution import quantiles
from pipelines.worker.sampling.noise_schedule import ALIGNED_SD15, ALIGNED_SDXL
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
    "Polyexponential": [
        14.614641, 7.32487, 3.671231, 1.840024, 0.922222,
        0.462218, 0.231664, 0.11611, 0.058195, 0.029167, 0.0,
    ],
    "Normal": [
        14.614641, 7.839883, 4.609174, 2.918307, 1.950161,
        1.344928, 0.932358, 0.624977, 0.368658, 0.029167, 0.0,
    ],
    "DDIM": [
        8.390685, 5.134431, 3.347764, 2.292854, 1.623692,
        1.168216, 0.835653, 0.57405, 0.346187, 0.041314, 0.0,
    ],
    "KL Optimal": [
        14.614641, 4.565037, 2.632888, 1.786445, 1.294767,
        0.961588, 0.711627, 0.509419, 0.335637, 0.178346, 0.029167,
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
    assert SCHEDULE_FUNCTIONS[name](10, training(), Sampling()) == pytest.approx(
        A1111[name], abs=1e-6
    )


def test_simple_takes_every_hundredth_training_level_for_ten_steps() -> None:
    known = training()
    expected = [*known.sigmas[[999, 899, 799, 699, 599, 499, 399, 299, 199, 99]], 0.0]
    assert SCHEDULE_FUNCTIONS["Simple"](10, known, Sampling()) == pytest.approx(expected)


@pytest.mark.parametrize("share", BETA_QUANTILES)
def test_beta_takes_the_quantiles_of_the_beta_distribution(share: float) -> None:
    known = training()
    expected = known.sigma_min + BETA_QUANTILES[share] * (known.sigma_max - known.sigma_min)
    sigma = SCHEDULE_FUNCTIONS["Beta"](21, known, Sampling())[round(20 * (1 - share))]
    assert sigma == pytest.approx(expected, rel=1e-12)


def test_every_schedule_has_a_function_and_every_function_a_name() -> None:
    assert set(SCHEDULE_FUNCTIONS) == {row.name for row in SCHEDULES} - {AUTOMATIC}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (10, list(range(1, 1000, 100))),
        (20, list(range(1, 1000, 50))),
        (30, list(range(34, 1000, 33))),  # of 31, the last of which AUTOMATIC1111 does not begin at
        (9, [*range(112, 999, 111), 999]),
    ],
)
def test_ddim_takes_whole_timesteps_as_automatic1111_does(steps: int, expected: list[int]) -> None:
    known = training()
    levels = [*known.sigmas[expected[::-1]], 0.0]
    assert SCHEDULE_FUNCTIONS["DDIM"](steps, known, Sampling()) == pytest.approx(levels)


@pytest.mark.parametrize(
    ("steps", "timesteps"), [(1, [999]), (4, [999, 749, 499, 249]), (3, [999, 666, 332])]
)
def test_turbo_takes_every_nth_timestep_from_the_noisiest(steps: int, timesteps: list[int]) -> None:
    known = training()
    levels = [*known.sigmas[timesteps], 0.0]
    assert SCHEDULE_FUNCTIONS["Turbo"](steps, known, Sampling()) == pytest.approx(levels)


def test_align_your_steps_passes_the_published_levels_of_the_family() -> None:
    for published in (ALIGNED_SD15, ALIGNED_SDXL):
        known = NoiseSchedule.from_config(SD15, published)
        eleven = SCHEDULE_FUNCTIONS["Align Your Steps"](11, known, Sampling())
        assert eleven == pytest.approx((*published, 0.0))
        many = SCHEDULE_FUNCTIONS["Align Your Steps"](21, known, Sampling())
        assert many[:-1:2] == pytest.approx(published)
        assert many[1] == pytest.approx(math.sqrt(published[0] * published[1]))


@pytest.mark.parametrize("row", SCHEDULES[1:], ids=lambda row: row.name)
@pytest.mark.parametrize(
    "option",
    [{"sigma_min": 0.1}, {"sigma_max": 5.0}, {"rho": 3.0}, {"beta_alpha": 0.9}, {"beta_beta": 0.3}],
    ids=lambda option: next(iter(option)),
)
def test_a_schedule_heeds_what_the_table_of_names_says_and_nothing_else(
    row: ScheduleName, option: dict[str, float]
) -> None:
    plain, told = (
        SCHEDULE_FUNCTIONS[row.name](8, training(), one) for one in (Sampling(), Sampling(**option))
    )
    assert (plain != told) == (next(iter(option)) in row.heeds)


@pytest.mark.parametrize("row", SCHEDULES[1:], ids=lambda row: row.name)
def test_ends_of_ones_own_are_kept(row: ScheduleName) -> None:
    told = Sampling(sigma_min=0.1, sigma_max=5.0)
    levels = [one for one in SCHEDULE_FUNCTIONS[row.name](8, training(), told) if one]
    if "sigma_min" in row.heeds:
        assert levels[0] == pytest.approx(5.0)
        assert levels[-1] == pytest.approx(0.1) or row.name == "SGM Uniform"


@pytest.mark.parametrize("row", SCHEDULES[1:], ids=lambda row: row.name)
def test_rho_of_the_table_is_what_is_taken_without_one(row: ScheduleName) -> None:
    plain, told = (
        SCHEDULE_FUNCTIONS[row.name](8, training(), one)
        for one in (Sampling(), Sampling(rho=row.rho))
    )
    assert plain == told


def test_zero_stands_for_the_ends_of_the_model() -> None:
    zeros = Sampling(sigma_min=0.0, sigma_max=0.0)
    for name, function in SCHEDULE_FUNCTIONS.items():
        assert function(8, training(), zeros) == function(8, training(), Sampling()), name


@pytest.mark.parametrize("ends", [{"sigma_min": 20.0}, {"sigma_max": 0.02}])
def test_ends_that_leave_no_room_are_refused_by_their_name(ends: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="leaves no levels") as refused:
        SCHEDULE_FUNCTIONS["Karras"](8, training(), Sampling(**ends))
    assert refused.value.field == f"sampling.{next(iter(ends))}"
    SCHEDULE_FUNCTIONS["Uniform"](8, training(), Sampling(**ends))  # does not ask


@pytest.mark.parametrize("shape", [(0.05, 0.05), (5.0, 5.0), (0.6, 2.0), (3.0, 0.4)])
def test_beta_and_its_mirror_image_mirror_each_other(shape: tuple[float, float]) -> None:
    shares = np.linspace(0.0, 1.0, 23)
    places = quantiles(shares, *shape)
    assert places + quantiles(1 - shares, *shape[::-1]) == pytest.approx(1.0)
    assert (np.diff(places) >= 0).all()


def test_beta_quantiles_of_whole_shapes_solve_their_polynomials() -> None:
    shares = np.linspace(0.0, 1.0, 23)
    assert quantiles(shares, 1.0, 1.0) == pytest.approx(shares)
    x = quantiles(shares, 2.0, 3.0)
    assert 6 * x**2 - 8 * x**3 + 3 * x**4 == pytest.approx(shares)


@pytest.mark.parametrize("name", SCHEDULE_FUNCTIONS)
@pytest.mark.parametrize("config", [SD15, STARTER, SD15 | {"rescale_betas_zero_snr": True}])
def test_levels_fall_from_the_noisiest_to_zero_for_any_number_of_steps(
    name: str, config: dict[str, object]
) -> None:
    known = NoiseSchedule.from_config(config)
    for steps in (1, 2, 3, 4, 20, 33, 150, 1500):  # a second pass may be planned so long
        sigmas = SCHEDULE_FUNCTIONS[name](steps, known, Sampling())
        assert len(sigmas) == steps + 1
        first = {
            "Align Your Steps": 14.615,
            "DDIM": known.sigmas[501] if steps == 2 else sigmas[0],
        }.get(name, known.sigma_max)
        assert sigmas[0] == pytest.approx(first)
        assert sigmas[-1] == pytest.approx(known.sigma_min if name == "KL Optimal" else 0.0)
        assert all(earlier > later for earlier, later in pairwise(sigmas))
        assert all(type(sigma) is float for sigma in sigmas)


@pytest.mark.parametrize(
    "told",
    [Sampling(rho=20.0), Sampling(rho=0.1), Sampling(beta_alpha=0.05, beta_beta=0.05)],
    ids=["rho 20", "rho 0.1", "beta 0.05"],
)
@pytest.mark.parametrize("name", ["Karras", "Polyexponential", "Beta"])
def test_levels_fall_however_steep_the_schedule_is_made(name: str, told: Sampling) -> None:
    sigmas = SCHEDULE_FUNCTIONS[name](150, training(), told)
    assert len(sigmas) == 151
    assert all(earlier > later for earlier, later in pairwise(sigmas))
    assert sigmas[0] < 1.01 * training().sigma_max
