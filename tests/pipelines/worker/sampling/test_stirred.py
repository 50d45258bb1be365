"""Which samplers add noise on the way: what branches go by is what the samplers do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from pipelines.asking.sampling import Sampling
from pipelines.branching import adds_noise
from pipelines.samplers import SAMPLERS
from pipelines.worker.sampling import Philox, plan
from tests.pipelines.worker.sampling.toys import run, squashing_denoiser, training


@dataclass(frozen=True)
class Later:
    """The noise of one seed, but for the first draw, which is the same for all."""

    seed: int

    def draw(self, counter: int, shape: tuple[int, ...]) -> Tensor:
        return Philox(self.seed if counter else 0).draw(counter, shape)


@pytest.mark.parametrize(
    "told", [{}, {"eta": 0.0}, {"eta": 0.5}, {"churn": 10.0}], ids=lambda told: str(told)
)
@pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)
def test_another_later_seed_makes_another_picture_exactly_where_it_is_said_to(
    row: Any, told: dict[str, float]
) -> None:
    options = {"schedule": "Automatic", "steps": 24, "guidance_scale": 1.0, **told}
    sampling = Sampling(sampler=row.name, **options)
    course = plan(sampling, training())

    one, other = (run(course, squashing_denoiser, Later(seed)) for seed in (1, 2))

    assert torch.equal(one, other) != adds_noise(sampling)
