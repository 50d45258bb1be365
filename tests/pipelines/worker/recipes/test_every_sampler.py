"""Every sampler with every schedule on the model that ships with the project: numbers, and the same after any stop."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipelines.asking.sampling import Sampling
from pipelines.catalog import diffusers_folder
from pipelines.samplers import AUTOMATIC, SAMPLERS, SCHEDULES
from pipelines.worker.recipes.wording import words
from pipelines.worker.recipes.words import Words
from pipelines.worker.sampling import (
    Conditioning,
    Denoise,
    Denoised,
    NoiseSchedule,
    Philox,
    State,
    guided_denoiser,
    init,
    plan,
    step,
)
from pipelines.worker.weights.loading import Model
from tests.pipelines.worker.workbench import Workbench

STARTER = Path(__file__).parents[4] / "models" / "starter"
STEPS, SHAPE = 3, (4, 8, 8)


class Remembering:
    """A denoiser that looks once at each x: who comes by the same way a second time finds all its answers there."""

    def __init__(self, denoise: Denoise) -> None:
        self._denoise, self._seen = denoise, dict[bytes, Denoised]()
        self.looks = 0

    def __call__(self, x: Tensor, sigma: float, step: int) -> Denoised:
        key = x.numpy().tobytes() + str(sigma).encode()
        if key not in self._seen:
            self.looks += 1
            self._seen[key] = self._denoise(x, sigma, step)
        return self._seen[key]


@pytest.fixture(scope="module")
def starter() -> tuple[Denoise, NoiseSchedule]:
    model = Workbench(diffusers_folder.read(STARTER, "starter").ref()).model()
    return _denoiser(model), model.training


def _denoiser(model: Model) -> Denoise:
    def predict(x: Tensor, timestep: float, texts: tuple[Words, ...]) -> tuple[Tensor, ...]:
        (output,) = model.denoiser.forward(
            sample=x.expand(len(texts), -1, -1, -1),
            timestep=timestep,
            encoder_hidden_states=torch.cat([text.hidden for text in texts]),
            return_dict=False,
        )
        return tuple(output.split(1))

    prompt = words("a red boat on the sea", model)
    return guided_denoiser(predict, Conditioning.constant(prompt, prompt, 1.0), model.training)


@pytest.mark.parametrize("schedule", [row.name for row in SCHEDULES if row.name != AUTOMATIC])
def test_every_sampler_makes_a_picture_and_the_same_one_after_stops(
    schedule: str, starter: tuple[Denoise, NoiseSchedule]
) -> None:
    seen, training = Remembering(starter[0]), starter[1]
    for sampler in (row.name for row in SAMPLERS):
        asked = Sampling(sampler=sampler, schedule=schedule, steps=STEPS, guidance_scale=1.0)
        whole = plan(asked, training)
        straight = stopping = init(whole, Philox(4), SHAPE)
        while not whole.is_done(straight):
            straight = step(whole, seen, Philox(4), straight)
        looks = seen.looks
        while not whole.is_done(stopping):
            stopping = State.from_bytes(stopping.to_bytes())
            stopping = step(whole, seen, Philox(4), stopping)

        assert seen.looks == looks, sampler
        assert torch.equal(straight.x, stopping.x), sampler
        assert torch.isfinite(straight.x).all(), sampler
