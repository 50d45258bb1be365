"""The trainer: resuming changes nothing, two processes equal one, and a toy run learns."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from training.starter.captions import FACTS
from training.starter.denoiser import Run, Training, learning_rate
from training.starter.optimiser import orthogonalise
from training.starter.plan import TEXT_WIDTH, TOKENS, Plan

RUN = Run(steps=6, batch=2, warm_up=1, half_precision=False)


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> Plan:
    """A toy data set: the trainer does not ask what it means."""
    plan = Plan(
        folder=tmp_path_factory.mktemp("toy"), size_px=64, denoiser_widths=(8, 16), processes=1
    )
    rng = np.random.default_rng(0)
    np.save(plan.folder / "latents.npy", rng.standard_normal((8, 4, 8, 8)).astype(np.float16))
    states = rng.standard_normal((9, TOKENS, TEXT_WIDTH)).astype(np.float16)
    np.save(plan.folder / "embeddings.npy", states)
    np.save(plan.folder / "pictures.npy", np.zeros((1, 64, 64, 3), np.uint8))
    np.save(plan.folder / "facts.npy", np.zeros((8, len(FACTS)), np.uint8))
    (plan.folder / "captions.json").write_text(json.dumps(["a cat"] * 8))
    code = {"whiten": np.eye(3).tolist(), "mean": [0, 0, 0], "energy_mean": 0, "energy_spread": 1}
    (plan.folder / "latents.json").write_text(json.dumps(code))
    return plan


def weights_after(training: Training, steps: int) -> list[torch.Tensor]:
    for _ in range(steps):
        training.advance()
    return [*training.masters, *training.average]


@pytest.mark.parametrize("half_precision", [False, True])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(plan, tmp_path, half_precision):
    run = replace(RUN, half_precision=half_precision)
    whole = weights_after(Training(plan, run), 5)
    first = Training(plan, run)
    weights_after(first, 2)
    first.save(tmp_path / "denoiser.pt")
    second = Training(plan, run)
    second.restore(tmp_path / "denoiser.pt")
    resumed = weights_after(second, 3)
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


def test_a_checkpoint_is_written_whole_or_not_at_all(plan, tmp_path):
    training = Training(plan, RUN)
    training.save(tmp_path / "denoiser.pt")
    assert [p.name for p in tmp_path.iterdir()] == ["denoiser.pt"]


def test_a_toy_run_learns(plan):
    training = Training(plan, replace(RUN, steps=60, batch=8, warm_up=5))
    weights_after(training, 60)
    assert np.mean(training.losses[-10:]) < 0.95 * np.mean(training.losses[:10])


def test_the_orthogonalised_matrix_has_singular_values_near_one():
    for shape in ((12, 40), (40, 12)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert values.min() > 0.5
        assert values.max() < 1.3


def test_the_learning_rate_warms_up_stays_and_falls():
    run = Run(rate=1.0, warm_up=10, falling_share=0.25)
    assert learning_rate(run, 0, 0.0) == pytest.approx(0.1)
    assert learning_rate(run, 50, 0.5) == 1.0
    assert learning_rate(run, 90, 0.875) == pytest.approx(0.5)
    assert learning_rate(run, 100, 1.0) == 0.0
