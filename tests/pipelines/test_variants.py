"""In what the pictures of one request differ, and what each of them is alone."""

from typing import Any

import pytest

from pipelines.asking.beginnings import Beginning
from pipelines.asking.noise import Noise
from pipelines.asking.sampling import Sampling
from pipelines.job import Job, Picture
from pipelines.request import Request
from pipelines.variants import Variant, variants

BRANCH = {"beginnings": (Beginning(until=3, prompt="a red circle"),)}


def request(**values: Any) -> Request:
    sampling = Sampling(sampler="Euler", schedule="Karras", steps=8, guidance_scale=6.5)
    return Request(**{"prompt": "a star", "seed": 7, "sampling": sampling, **values})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, [(7, {}), (8, {}), (9, {})], id="seeds-rise"),
        pytest.param(
            {"noise": Noise(variation_seed=50, variation_strength=0.1)},
            [(7, {}), (7, {"noise.variation_seed": 51}), (7, {"noise.variation_seed": 52})],
            id="where-noise-is-varied-its-seeds-rise",
        ),
        pytest.param(
            {"noise": Noise(variation_seed=50)}, [(7, {}), (8, {}), (9, {})], id="strength-0"
        ),
        pytest.param(
            {"noise": Noise(later_seed=50), **BRANCH},
            [(7, {}), (7, {"noise.later_seed": 51}), (7, {"noise.later_seed": 52})],
            id="branches-part-where-they-branch",
        ),
        pytest.param(
            {
                "noise": Noise(later_seed=50, variation_seed=9, variation_strength=0.1),
                **BRANCH,
            },
            [(7, {}), (7, {"noise.later_seed": 51}), (7, {"noise.later_seed": 52})],
            id="those-of-varied-noise-as-well",
        ),
    ],
)
def test_the_seeds_of_a_batch(values: dict[str, Any], expected: list[Any]) -> None:
    asked = request(batch_size=3, **values)
    assert variants(asked) == tuple(Variant(*one) for one in expected)


def test_a_picture_of_a_job_is_a_request_of_its_own() -> None:
    asked = request(batch_size=2, batch_count=4, draft_fraction=0.3)
    pictures = (
        Picture(index=0, seed=7),
        Picture(index=1, seed=8, changes={"sampling.steps": 4, "hires.scale": 1.5}),
    )
    job = Job(id="j", owner="o", state="queued", request=asked, pictures=pictures, created=0.0)
    assert job.request_of(0) == request()
    second = job.request_of(1)
    assert (second.seed, second.sampling.steps, second.pictures) == (8, 4, 1)
    assert second.hires is not None
    assert second.hires.scale == 1.5
    assert second.draft_fraction is None
