"""The objective: what is asked and expected, by hand; and which pictures share a forward."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from pipelines.worker.finetune.chances import Chance
from pipelines.worker.finetune.examples import Example, Examples
from pipelines.worker.finetune.method import Text
from pipelines.worker.finetune.objective import Objective, Row, batches_of, rows_of
from pipelines.worker.recipes.chunks import Chunks
from pipelines.worker.sampling import NoiseSchedule
from tests.pipelines.worker.finetune.classroom import plan

CPU = torch.device("cpu")
CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def schedule(kind: str = "epsilon") -> NoiseSchedule:
    return NoiseSchedule.from_config({**CONFIG, "prediction_type": kind})


def text(caption: str = "a boat", chunks: int = 1) -> Text:
    ids = tuple((0,) * 77 for _ in range(chunks))
    return Text(caption, (Chunks(ids, ()),))


def example(value: float = 1.0, height: int = 8, chunks: int = 1) -> Example:
    return Example(torch.full((1, 4, height, 8), value), text(chunks=chunks))


def row(own: Example, timestep: int = 500, **chance: Any) -> Row:
    noise = torch.full_like(own.latents, 2.0)
    given = Chance(noise, timestep, False, False)
    return Row(own, own.text, replace(given, **chance), 1.0)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_what_is_asked_and_expected_agrees_with_how_pictures_are_drawn(kind: str) -> None:
    """The samplers take x = x0 + σ·ε, scaled by c_in, and turn an answer into x0: here back to the clean latents."""
    own = schedule(kind)
    batch, target = Objective(own, CPU).asked([row(example(0.7), timestep=300)])
    sigma = float(own.sigmas[300])

    x = batch.noisy / own.c_in(sigma)
    torch.testing.assert_close(own.x0(target, x, sigma), torch.full_like(x, 0.7), atol=1e-4, rtol=0)


def test_mirrored_latents_are_used_where_there_are_any() -> None:
    own = example(0.5)
    both = replace(own, mirrored=example(-0.5).latents)

    assert row(both, is_mirrored=True).clean.mean() == -0.5
    assert row(own, is_mirrored=True).clean.mean() == 0.5


@pytest.mark.parametrize(
    ("kind", "weight"),
    [
        ("epsilon", lambda snr: min(snr, 5) / snr),
        ("v_prediction", lambda snr: min(snr, 5) / (snr + 1)),
    ],
)
@pytest.mark.parametrize("timestep", [0, 200, 999])
def test_min_snr_weights_are_those_of_the_paper(kind: str, weight: Any, timestep: int) -> None:
    own = schedule(kind)
    answer, target = torch.zeros(1, 4, 8, 8), torch.ones(1, 4, 8, 8)
    at = torch.tensor([timestep])
    snr = own.alphas_cumprod[timestep] / (1 - own.alphas_cumprod[timestep])

    (loss,) = Objective(own, CPU, gamma=5.0).losses(answer, target, at).tolist()
    assert loss == pytest.approx(weight(snr), rel=1e-3)
    assert Objective(own, CPU).losses(answer, target, at).tolist() == [1.0]


def test_pure_noise_has_a_finite_weight() -> None:
    own = NoiseSchedule.from_config(
        {**CONFIG, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    )
    losses = Objective(own, CPU, gamma=5.0).losses(
        torch.zeros(1, 4, 8, 8), torch.ones(1, 4, 8, 8), torch.tensor([999])
    )

    assert torch.isfinite(losses).all()


def test_a_step_shows_as_many_class_pictures_as_are_taught_with_their_own_weight() -> None:
    examples = Examples((example(1.0), example(2.0)), (), (example(3.0),), text(""))
    rows = rows_of(plan(batch_size=2, prior_weight=0.5), examples, schedule(), 0)

    assert sorted(float(one.example.latents.mean()) for one in rows) == [1, 2, 3, 3]
    assert [one.weight for one in rows] == [0.5, 0.5, 0.25, 0.25]
    assert [one.is_kept for one in rows] == [False, False, True, True]


def test_every_second_class_picture_is_shown_without_words() -> None:
    examples = Examples((example(),), (), (example(3.0),), text(""))
    rows = [rows_of(plan(batch_size=1), examples, schedule(), step)[1] for step in range(4)]

    assert [one.text.caption for one in rows] == ["", "a boat", "", "a boat"]


def test_outputs_are_preserved_of_half_as_many_taught_pictures_with_other_words_and_with_none() -> (
    None
):
    taught = tuple(example(float(n)) for n in range(1, 5))
    others = (text("a cat"), text("a tree"))
    examples = Examples(taught, (), (), text(""), others)
    own = plan(batch_size=4, prior_weight=0.5, output_preservation=True)
    steps = [rows_of(own, examples, schedule(), step) for step in range(4)]

    kept = [[one for one in rows if one.is_kept] for rows in steps]
    assert [len(rows) for rows in steps] == [6] * 4
    assert [one.text.caption for rows in kept for one in rows] == ["", "a cat", "", "a tree"] * 2
    assert {one.weight for rows in kept for one in rows} == {0.5 / 2}
    seen = [float(one.example.latents.mean()) for rows in kept[:2] for one in rows]
    assert sorted(seen) == [1, 2, 3, 4]


def test_without_other_words_outputs_are_preserved_with_none() -> None:
    examples = Examples((example(),), (), (), text(""))
    own = plan(batch_size=1, output_preservation=True)
    rows = [rows_of(own, examples, schedule(), step)[1] for step in range(3)]

    assert [one.text.caption for one in rows] == [""] * 3


def test_what_is_taught_sees_the_same_noise_whether_or_not_outputs_are_preserved() -> None:
    examples = Examples((example(1.0), example(2.0)), (), (), text(""))
    plain, more = plan(batch_size=2), plan(batch_size=2, output_preservation=True)
    first, second = (rows_of(one, examples, schedule(), 3) for one in (plain, more))

    for before, after in zip(first, second[:2], strict=True):
        assert torch.equal(before.chance.noise, after.chance.noise)
        assert before.chance.timestep == after.chance.timestep


def test_a_picture_whose_caption_is_dropped_is_shown_with_the_empty_one() -> None:
    examples = Examples((example(),), (), (), text("", chunks=2))
    rows = rows_of(plan(caption_dropout=1.0), examples, schedule(), 0)

    assert [one.text.caption for one in rows] == [""]


def test_only_pictures_that_are_alike_share_a_forward() -> None:
    rows = [row(example()), row(example(height=16)), row(example()), row(example(chunks=2))]

    assert sorted(len(batch) for batch in batches_of(rows)) == [1, 1, 2]
    assert [len(batch) for batch in batches_of(rows, 1)] == [1, 1, 1, 1]
