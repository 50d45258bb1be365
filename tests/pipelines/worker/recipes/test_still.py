"""The story of a picture, told without an engine: every call at the gate is answered at once."""

from __future__ import annotations

import pytest
import torch

from pipelines.samplers import SAMPLERS
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.still import Brief, Developed, Held, Look, still
from pipelines.worker.weights.loading import Model
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, request


def draw(model: Model, *, seed: int = 7, **fields: object) -> torch.Tensor:
    outcome = still(Brief(request(**fields), seed), model, lambda look: None)
    assert isinstance(outcome, Developed)
    return outcome.pixels


def test_every_step_can_be_watched(bench: Workbench) -> None:
    seen: list[Look] = []

    still(Brief(request(steps=5, height=128), seed=1), bench.model(), seen.append)

    assert [look.step for look in seen] == [1, 2, 3, 4, 5]
    assert {look.steps for look in seen} == {5}
    assert all(look.x0.shape == (1, 4, 16, 8) for look in seen)
    assert [look.sigma for look in seen] == sorted((look.sigma for look in seen), reverse=True)


def test_the_picture_has_the_size_that_was_asked_for(bench: Workbench) -> None:
    assert draw(bench.model(), width=128, height=64).shape == (64, 128, 3)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 8},
        {"prompt": "a house"},
        {"negative_prompt": "fog"},
        {"guidance_scale": 8.0},
        {"steps": 5},
        {"sampler": "Euler a"},
        {"schedule": "Karras"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_each_field_of_the_request_counts(bench: Workbench, other: dict[str, object]) -> None:
    model = bench.model()
    plain = {"sampler": "Heun", "schedule": "Uniform"}

    assert not torch.equal(draw(model, **plain), draw(model, **(plain | other)))


def test_without_guidance_the_negative_prompt_is_not_even_asked(bench: Workbench) -> None:
    model, rows = bench.model(), []

    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: rows.append(len(kwargs["sample"])), with_kwargs=True
    ):
        free = draw(model, guidance_scale=1.0, negative_prompt="fog")

    assert rows == [1, 1, 1, 1]
    assert torch.equal(free, draw(model, guidance_scale=1.0))


def test_prompts_of_unequal_length_are_asked_one_after_the_other(bench: Workbench) -> None:
    model, texts = bench.model(), []

    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: texts.append(tuple(kwargs["encoder_hidden_states"].shape)),
        with_kwargs=True,
    ):
        draw(model, steps=1, prompt="a very long prompt " * 10)

    assert texts == [(1, 77, 16), (1, 154, 16)]


@pytest.mark.parametrize("sampler", [row.name for row in SAMPLERS])
def test_a_held_picture_goes_on_to_the_same_bits(bench: Workbench, sampler: str) -> None:
    model, asked = bench.model(), request(sampler=sampler, steps=5)
    straight = still(Brief(asked, 3), model, lambda look: None)

    held = still(Brief(asked, 3, hold_after_steps=2), model, lambda look: None)
    assert isinstance(held, Held)
    assert held.step == 2
    resumed = still(Brief(asked, 3, state=held.state), model, lambda look: None)

    assert isinstance(straight, Developed)
    assert isinstance(resumed, Developed)
    assert torch.equal(straight.pixels, resumed.pixels)


def test_v_prediction_is_taken_from_the_scheduler_config(
    tmp_path_factory: pytest.TempPathFactory, toy: CheckpointRef
) -> None:
    ref = tiny.save(
        tmp_path_factory.mktemp("v") / "v", tiny.components(prediction_type="v_prediction")
    )

    model = Workbench(ref).model()

    assert model.training.prediction_type == "v_prediction"
    assert not torch.equal(draw(model), draw(Workbench(toy).model()))
