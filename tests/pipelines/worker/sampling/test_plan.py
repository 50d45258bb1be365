"""From a request to a picture: names, counts, and the promise that a picture goes on from anywhere."""

import dataclasses

import pytest
import torch
from torch import Tensor

from pipelines.asking.sampling import Sampling
from pipelines.samplers import SAMPLERS, SamplerName
from pipelines.worker.sampling import STEPS, Denoised, Philox, State, init, plan, step
from tests.pipelines.worker.sampling.toys import (
    SHAPE,
    Recorder,
    gaussian_denoiser,
    planned,
    run,
    squashing_denoiser,
    training,
)

# With one draw for each step but the last.
STIRRED = (
    *("Euler a", "DPM2 a", "DPM++ 2S a", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"),
    *("DPM adaptive", "DDPM", "LCM"),
)
every_sampler = pytest.mark.parametrize("sampler", STEPS)


def test_every_sampler_has_a_function_and_every_function_a_name() -> None:
    assert list(STEPS) == [row.name for row in SAMPLERS]


@pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)
def test_denoiser_calls_are_what_the_table_of_names_says(row: SamplerName) -> None:
    calls: list[int] = []

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        assert sigma > 0
        calls.append(step)
        return squashing_denoiser(x, sigma, step)

    run(planned(row.name, steps=5), denoise, Philox(0))
    counts = [calls.count(step) for step in range(5)]
    whole = {
        "PLMS": [2, 1, 1, 1, 1],  # its first step is one of Heun's
        "HeunPP2": [3, 3, 3, 2, 1],  # and these know no level further on
    }.get(row.name, [row.evaluations] * 4 + [1])
    if row.name == "DPM adaptive":
        assert all(count >= 3 for count in counts[:-1])
    else:
        assert counts == whole


def test_dpm_adaptive_looks_the_more_often_the_longer_its_steps_are() -> None:
    calls: list[int] = []

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        calls.append(step)
        return squashing_denoiser(x, sigma, step)

    run(planned("DPM adaptive", steps=30), denoise, Philox(0))
    short = [calls.count(step) for step in range(30)]
    calls.clear()
    run(planned("DPM adaptive", steps=4), denoise, Philox(0))
    assert calls.count(0) > max(short)


def test_dpm_adaptive_ends_even_where_there_are_no_numbers() -> None:
    def broken(x: Tensor, sigma: float, step: int) -> Denoised:
        return Denoised(x * float("nan"))

    assert run(planned("DPM adaptive"), broken, Philox(0)).isnan().all()


@pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)
def test_automatic_is_the_samplers_own_schedule(row: SamplerName) -> None:
    asked = Sampling(sampler=row.name, schedule="Automatic", steps=9, guidance_scale=6.5)
    automatic = plan(asked, training())
    own = plan(dataclasses.replace(asked, schedule=row.schedule), training())
    assert automatic.sigmas == own.sigmas
    assert automatic.begins_whole == own.begins_whole
    assert automatic.steps == 9


def test_an_unresolved_request_is_refused() -> None:
    with pytest.raises(ValueError, match="not resolved"):
        plan(Sampling(sampler="Euler"), training())


def test_the_first_state_is_the_first_draw_at_the_highest_level() -> None:
    state = init(planned("Euler"), Philox(11), SHAPE)
    assert state.x.shape == (1, *SHAPE)
    expected = Philox(11).draw(0, SHAPE) * training().sigma_max
    torch.testing.assert_close(state.x[0], expected)
    assert (state.step, state.draws, state.history) == (0, 1, ())


@every_sampler
def test_a_finished_picture_takes_no_further_step(sampler: str) -> None:
    done = State(x=torch.zeros(1, *SHAPE), step=6)
    with pytest.raises(ValueError, match="all 6 steps"):
        step(planned(sampler), squashing_denoiser, Philox(0), done)


@every_sampler
def test_a_single_step_gives_what_the_denoiser_sees_in_the_noise(sampler: str) -> None:
    one = planned(sampler, steps=1)
    start = init(one, Philox(2), SHAPE)
    seen = squashing_denoiser(start.x, one.sigmas[0], 0).x0
    torch.testing.assert_close(run(one, squashing_denoiser, Philox(2)), seen, atol=1e-5, rtol=0)


@every_sampler
@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_a_picture_goes_on_from_the_bytes_of_any_step(sampler: str, steps: int) -> None:
    whole = planned(sampler, steps)
    state = init(whole, Philox(4), SHAPE)
    expected = run(whole, squashing_denoiser, Philox(4), state)
    for _ in range(steps + 1):
        state = State.from_bytes(state.to_bytes())
        assert torch.equal(run(whole, squashing_denoiser, Philox(4), state), expected)
        if not whole.is_done(state):
            state = step(whole, squashing_denoiser, Philox(4), state)
    assert torch.equal(state.x, expected)


@every_sampler
def test_a_picture_does_not_know_its_company(sampler: str) -> None:
    whole, seeds = planned(sampler), (1, 2, 2**40)
    alone = [run(whole, squashing_denoiser, Philox(seed)) for seed in seeds]
    states = [init(whole, Philox(seed), SHAPE) for seed in seeds]
    while not all(whole.is_done(state) for state in states):
        place = min(range(len(seeds)), key=lambda k: (states[k].step // 2, -k))
        states[place] = step(whole, squashing_denoiser, Philox(seeds[place]), states[place])
    assert all(torch.equal(s.x, x) for s, x in zip(states, alone, strict=True))
    assert not torch.equal(alone[0], alone[1])


@every_sampler
def test_a_picture_may_begin_at_a_later_step(sampler: str) -> None:
    whole = planned(sampler)
    x = Philox(4).draw(0, (1, *SHAPE))
    denoise = gaussian_denoiser()
    late = run(whole, denoise, Philox(4), State(x=whole.sigmas[3] * x, step=3, draws=1))
    assert torch.isfinite(late).all()
    assert 0.3 < late.std().item() < 2.0


@every_sampler
def test_noise_is_drawn_in_order_and_counted(sampler: str) -> None:
    noise, whole = Recorder(), planned(sampler)
    state = init(whole, noise, SHAPE)
    while not whole.is_done(state):
        state = step(whole, squashing_denoiser, noise, state)
        assert noise.counters == list(range(state.draws))
    drawn_by_steps = dict.fromkeys(STIRRED, 5) | {"DPM++ SDE": 10, "DPM fast": 2}
    assert state.draws == 1 + drawn_by_steps.get(sampler, 0)


@every_sampler
def test_a_step_leaves_the_state_before_it_untouched(sampler: str) -> None:
    whole = planned(sampler)
    state = init(whole, Philox(4), SHAPE)
    while not whole.is_done(state):
        before = state.to_bytes()
        after = step(whole, squashing_denoiser, Philox(4), state)
        assert state.to_bytes() == before
        state = after


@every_sampler
def test_states_stay_float32_and_one_picture(sampler: str) -> None:
    whole = planned(sampler)
    state = init(whole, Philox(4), SHAPE)
    while not whole.is_done(state):
        state = step(whole, squashing_denoiser, Philox(4), state)
        for tensor in (state.x, *state.history):
            assert tensor.dtype == torch.float32
            assert tensor.shape == (1, *SHAPE)
            assert torch.isfinite(tensor).all()
