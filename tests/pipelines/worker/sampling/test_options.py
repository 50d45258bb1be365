"""What a request can tell its sampler: who heeds what, and that it means what its paper says."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from torch import Tensor

from pipelines.asking.sampling import Sampling
from pipelines.samplers import SAMPLERS, SamplerName
from pipelines.worker.sampling import (
    Conditioning,
    Denoised,
    Guidance,
    Philox,
    Plan,
    State,
    guided_denoiser,
    init,
    plan,
    step,
)
from pipelines.worker.sampling.arranging import fast_levels, fast_orders, restart_levels
from pipelines.worker.sampling.paths import down_and_up, drift_and_up
from tests.pipelines.worker.sampling.toys import SHAPE, Recorder, run, squashing_denoiser, training

every_row = pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)


def told(sampler: str, steps: int = 6, taken: int | None = None, **options: Any) -> Plan:
    asked = Sampling(
        sampler=sampler, schedule="Automatic", steps=steps, guidance_scale=1.0, **options
    )
    return plan(asked, training(), taken)


def picture(whole: Plan) -> Tensor:
    return run(whole, squashing_denoiser, Philox(4))


@every_row
@pytest.mark.parametrize(
    ("field", "value", "others"),
    [
        ("eta", 0.6, {}),
        ("churn", 3.0, {}),
        ("churn_from", 5.0, {"churn": 3.0}),
        ("churn_to", 5.0, {"churn": 3.0}),
        ("noise_scale", 1.05, {"churn": 3.0, "eta": 0.8}),
    ],
)
def test_a_sampler_heeds_what_the_table_of_names_says_and_nothing_else(
    row: SamplerName, field: str, value: float, others: dict[str, float]
) -> None:
    steps = 20 if row.name == "Restart" else 6
    without = picture(told(row.name, steps, **others))
    with_it = picture(told(row.name, steps, **{**others, field: value}))
    assert torch.equal(without, with_it) == (field not in row.heeds)


@every_row
def test_noise_repeats_itself_with_the_seed_and_is_another_with_another(row: SamplerName) -> None:
    whole = told(row.name, eta=0.8, churn=2.0)
    start = init(whole, Philox(1), SHAPE)
    noises = Recorder(3), Recorder(3), Recorder(8)
    one, again, other = (run(whole, squashing_denoiser, noise, start) for noise in noises)
    assert torch.equal(one, again)
    assert torch.equal(one, other) == (not noises[0].counters)


@every_row
def test_leaving_out_the_penultimate_level_keeps_the_number_of_steps(row: SamplerName) -> None:
    kept, left_out = (told(row.name, 8, skips_penultimate=skips) for skips in (False, True))
    own = told(row.name, 8)
    assert kept.steps == left_out.steps == own.steps == 8
    assert own.sigmas == (left_out if row.skips_penultimate else kept).sigmas
    if row.name not in ("DPM fast", "Restart"):
        longer = told(row.name, 9, skips_penultimate=False).sigmas
        assert left_out.sigmas == (*longer[:-2], longer[-1])


def test_sgm_noise_begins_with_the_variance_of_noise_and_picture() -> None:
    plain, whole = (init(told("Euler", sgm_noise=sgm), Philox(1), SHAPE).x for sgm in (False, True))
    sigma = training().sigma_max
    torch.testing.assert_close(whole, plain * math.hypot(sigma, 1.0) / sigma)


@every_row
def test_samplers_over_whole_timesteps_begin_as_these_were_trained(row: SamplerName) -> None:
    start = init(told(row.name), Philox(1), SHAPE).x[0] / Philox(1).draw(0, SHAPE)
    level = told(row.name).sigmas[0]
    is_whole = row.name in ("DDIM", "DDIM CFG++", "PLMS")
    expected = math.hypot(level, 1.0) if is_whole else level
    torch.testing.assert_close(start, torch.full(SHAPE, expected))


@pytest.mark.parametrize("eta", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("way", [down_and_up, drift_and_up])
def test_what_goes_down_and_what_is_added_meet_at_the_next_level(way: Any, eta: float) -> None:
    down, up = way(5.0, 2.0, eta)
    assert math.hypot(down, up) == pytest.approx(2.0)
    assert (up == 0) == (eta == 0)
    full_down, full_up = way(5.0, 2.0, 1.0)
    assert (full_down, full_up) == pytest.approx((0.8, math.sqrt(4 - 0.64)))
    assert down >= full_down


def test_churn_raises_the_level_by_its_share_and_never_by_more_than_the_root_of_two() -> None:
    seen: list[float] = []

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        seen.append(sigma)
        return squashing_denoiser(x, sigma, step)

    for churn, raised in ((1.2, 0.2), (100.0, math.sqrt(2) - 1)):
        seen.clear()
        whole = told("Euler", 6, churn=churn, churn_from=0.5, churn_to=6.0)
        run(whole, denoise, Philox(0))
        inside = [0.5 <= sigma <= 6.0 for sigma in whole.sigmas[:-1]]
        assert set(inside) == {True, False}
        expected = [
            sigma * (1 + raised * is_in) for sigma, is_in in zip(whole.sigmas, inside, strict=False)
        ]
        assert seen == pytest.approx(expected)


def test_churn_of_a_source_is_spread_over_the_steps_that_are_taken() -> None:
    seen: list[float] = []

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        seen.append(sigma)
        return squashing_denoiser(x, sigma, step)

    whole = told("Euler", 20, taken=5, churn=1.0)
    run(whole, denoise, Philox(0), State(x=torch.zeros(1, *SHAPE), step=15, draws=1))
    assert seen == pytest.approx([sigma * 1.2 for sigma in whole.sigmas[15:-1]])


@pytest.mark.parametrize(("steps", "rises"), [(19, 0), (20, 1), (35, 1), (36, 2), (80, 2)])
def test_restart_goes_a_part_of_the_way_again_and_takes_no_step_more(
    steps: int, rises: int
) -> None:
    sigmas = told("Restart", steps).sigmas
    assert len(sigmas) == steps + 1
    turns = [(low, high) for low, high in pairwise(sigmas) if high > low]
    assert len(turns) == rises
    for low, _ in turns:
        assert low == pytest.approx(0.1, abs=0.07)
    state = init(told("Restart", steps), Philox(0), SHAPE)
    while not told("Restart", steps).is_done(state):
        state = step(told("Restart", steps), squashing_denoiser, Philox(0), state)
    assert state.draws == 1 + rises


def test_restart_of_a_source_begins_where_its_strength_says() -> None:
    whole, plain = told("Restart", 40, taken=25), told("Heun", 40, taken=25)
    karras = plan(dataclasses.replace(plain.options, schedule="Karras"), training())
    assert whole.first == 15
    assert whole.sigmas[15] == karras.sigmas[15]
    assert len(whole.sigmas) == 41
    assert restart_levels((0.05, *(0.02 for _ in range(24)), 0.0), Sampling())[0] == 0.05


@pytest.mark.parametrize("looks", range(1, 14))
def test_dpm_fast_looks_as_often_as_it_has_steps(looks: int) -> None:
    orders = fast_orders(looks)
    assert sum(orders) == looks
    assert set(orders) <= {1, 2, 3}
    levels = fast_levels((*torch.linspace(14.0, 0.1, looks).tolist(), 0.0), Sampling(eta=0.0))
    assert len(levels) == looks + 1
    assert all(before > after for before, after in pairwise(levels))


@pytest.mark.parametrize("sampler", ["DPM fast", "Restart", "HeunPP2"])
def test_pictures_of_a_source_take_the_last_steps_of_a_way_of_their_own(sampler: str) -> None:
    whole = told(sampler, 30, taken=22)
    x = whole.sigmas[8] * Philox(4).draw(0, (1, *SHAPE))
    end = run(whole, squashing_denoiser, Philox(4), State(x=x, step=8, draws=1))
    assert torch.isfinite(end).all()
    assert 0.3 < end.std().item() < 3.0


def network(x: Tensor, timestep: float, texts: tuple[float, ...]) -> tuple[Tensor, ...]:
    """Raw output that depends on the text, for a model that predicts v."""
    return tuple(torch.tanh(x * text) - 0.1 * text for text in texts)


def guided(cfg: float, guidance: Guidance) -> Denoised:
    known = training("v_prediction")
    conditioning = Conditioning.constant(1.3, 0.4, cfg)
    x = 3.0 * Philox(1).draw(0, (1, *SHAPE))
    return guided_denoiser(network, conditioning, known, guidance)(x, 3.0, 0)


@pytest.mark.parametrize("share", [0.3, 0.7, 1.0])
def test_rescaled_guidance_is_that_of_diffusers_for_models_that_predict_v(share: float) -> None:
    known = training("v_prediction")
    x = 3.0 * Philox(1).draw(0, (1, *SHAPE))
    cond, uncond = network(x * known.c_in(3.0), known.timestep(3.0), (1.3, 0.4))
    v = rescale_noise_cfg(uncond + 7.0 * (cond - uncond), cond, share)
    expected = known.x0(v, x, 3.0)
    torch.testing.assert_close(guided(7.0, Guidance(rescale=share)).x0, expected)


def test_without_guidance_there_is_nothing_to_rescale() -> None:
    plain, rescaled = guided(1.0, Guidance()), guided(1.0, Guidance(rescale=0.7))
    assert torch.equal(plain.x0, rescaled.x0)
    assert rescaled.x0_uncond is None


def test_rescale_is_taken_from_the_request() -> None:
    assert told("Euler", guidance_rescale=0.7).guidance == Guidance(rescale=0.7)
    assert told("Euler").guidance == Guidance()


def test_cfg_plus_plus_asks_for_the_negative_prompt_whatever_the_scale() -> None:
    for sampler, share in (("DDIM CFG++", 1 / 12.5), ("Euler CFG++", 1.0)):
        guidance = told(sampler).guidance
        assert guidance == Guidance(share=share, keeps_uncond=True)
        seen = guided(1 / share, guidance)  # which is CFG 1, where others leave it out
        assert seen.x0_uncond is not None
        torch.testing.assert_close(seen.x0, guided(1.0, Guidance()).x0)


def test_cfg_plus_plus_renews_the_noise_as_the_negative_prompt_sees_it() -> None:
    x = 3.0 * Philox(1).draw(0, (1, *SHAPE))
    x0, x0_uncond = torch.full_like(x, 0.5), torch.full_like(x, -0.2)
    after = step(
        Plan("DDIM CFG++", (3.0, 1.0, 0.0)),
        lambda x, sigma, step: Denoised(x0, x0_uncond),
        Philox(0),
        State(x=x, draws=1),
    )
    torch.testing.assert_close(after.x, x0 + (x - x0_uncond) / 3.0)


@pytest.mark.parametrize("sampler", ["LMS", "IPNDM_V"])
def test_slopes_that_are_a_cubic_of_sigma_are_integrated_exactly(sampler: str) -> None:
    def slope(sigma: float) -> float:
        return 1.0 - 0.4 * sigma + 0.3 * sigma**2 - 0.05 * sigma**3

    def integral(sigma: float) -> float:
        return sigma - 0.2 * sigma**2 + 0.1 * sigma**3 - 0.0125 * sigma**4

    levels = (4.0, 3.1, 2.5, 1.7, 1.2, 0.5, 0.1)
    state = State(x=torch.zeros(1, 1, 1, 1, dtype=torch.float64))
    whole = Plan(sampler, levels)
    ends = []
    while not whole.is_done(state):
        state = step(
            whole, lambda x, sigma, step: Denoised(x - sigma * slope(sigma)), Philox(0), state
        )
        ends.append(state.x.item())
    # From the fourth step on, when four slopes are known.
    for before, after, (end, end_next) in zip(
        levels[3:], levels[4:], pairwise(ends[2:]), strict=False
    ):
        assert end_next - end == pytest.approx(integral(after) - integral(before), rel=1e-9)


def test_deis_integrates_slopes_that_are_a_square_of_ln_sigma_exactly() -> None:
    def slope(sigma: float) -> float:
        return 1.0 + 0.5 * math.log(sigma) - 0.2 * math.log(sigma) ** 2

    def integral(sigma: float) -> float:
        u = math.log(sigma)
        return sigma * (1.0 + 0.5 * (u - 1) - 0.2 * (u**2 - 2 * u + 2))

    levels = (4.0, 3.1, 2.5, 1.7, 1.2, 0.5)
    state, whole, ends = (
        State(x=torch.zeros(1, 1, 1, 1, dtype=torch.float64)),
        Plan("DEIS", levels),
        [],
    )
    while not whole.is_done(state):
        state = step(
            whole, lambda x, sigma, step: Denoised(x - sigma * slope(sigma)), Philox(0), state
        )
        ends.append(state.x.item())
    for before, after, (end, end_next) in zip(
        levels[2:], levels[3:], pairwise(ends[1:]), strict=False
    ):
        assert end_next - end == pytest.approx(integral(after) - integral(before), rel=1e-9)
