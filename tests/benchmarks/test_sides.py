"""Both sides of the comparisons make pictures of the same request; the figures themselves are not tested."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from benchmarks.ours import EngineHere
from benchmarks.plain import PlainPipeline
from benchmarks.subject import Subject, prompts
from pipelines.catalog import diffusers_folder
from pipelines.worker.messages import PictureDone, PictureHeld
from tests import tiny

FACTS = '{"defaults": {"width": 64, "height": 64, "steps": 3, "sampler": "LCM"}}'

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("models") / "toy"
    tiny.save(folder, tiny.components())
    (folder / "darkroom.json").write_text(FACTS, encoding="utf-8")
    return Subject(diffusers_folder.read(folder, "toy"), "cpu")


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """The engine switches gradients off for its thread, which here is everybody's."""
    had_grad = torch.is_grad_enabled()
    yield
    torch.set_grad_enabled(had_grad)
    torch.set_flush_denormal(False)


def test_a_sampler_that_diffusers_lacks_is_replaced_on_both_sides(subject: Subject) -> None:
    sampling = subject.request().sampling

    assert (sampling.sampler, sampling.schedule, sampling.steps) == ("Euler", "Uniform", 3)


def test_engine_develops_each_prompt_and_holds_drafts(subject: Subject) -> None:
    engine = EngineHere(subject)

    done = engine.develop(prompts(0, 2), [1, 2])
    held = engine.drafts("a red circle", [1, 2, 3], steps=1)

    assert [type(one) for one in done] == [PictureDone] * 2
    assert {(type(one), one.step) for one in held} == {(PictureHeld, 1)}


def test_plain_pipeline_makes_a_batch_of_the_same_size(subject: Subject) -> None:
    plain = PlainPipeline(str(subject.checkpoint.path), subject.request(), "cpu", torch.float32)

    assert plain.develop(prompts(0, 2), [1, 2]).shape == (2, 64, 64, 3)


def test_no_prompt_comes_twice() -> None:
    assert len(set(prompts(0, 1000))) == 1000
