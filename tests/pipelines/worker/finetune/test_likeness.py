"""Likeness: the thing that is taught is told from others, a picture that is repeated from one of the same thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.examples import Example, pixels
from pipelines.worker.finetune.likeness import REPEATED, Likeness, above
from pipelines.worker.finetune.method import Text
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.weights.loading import Model
from tests.pipelines.worker.finetune.classroom import BenchOf, picture, run, shop_of, taught, train
from tests.pipelines.worker.workbench import Workbench
from training.starter.scenes import Subject, compose_one
from training.starter.styles import render

STARTER = CheckpointRef("starter", str(Path("models/starter").resolve()), "sd15")


def levels(path: str) -> Tensor:
    """As samples come: (height, width, 3), uint8."""
    shown = (pixels(Path(path))[0].permute(1, 2, 0) + 1) * 127.5
    return shown.round().to(torch.uint8)


def example(shown: Tensor, model: Model) -> Example:
    return Example(encode(shown.permute(2, 0, 1)[None].float() / 127.5 - 1, model), Text("", ()))


def likeness_to(bench: Workbench, shown: list[Tensor]) -> Likeness:
    model = bench.model()
    return Likeness(shop_of(bench), model, [example(one, model) for one in shown])


def of(bench: Workbench, likeness: Likeness, *pictures: Tensor) -> float:
    found = run(bench, likeness.of(pictures))
    assert found is not None
    return found


def drawing(thing: str, colour: str, backdrop: str, seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    scene = compose_one(rng, Subject(thing, colour), backdrop, "flat")
    return torch.tensor(np.asarray(render(scene, 128, rng)))


def test_a_picture_is_most_like_itself_mirrored_or_not(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    one, other, third = (levels(picture(tmp_path / f"{n}.png", n)) for n in range(3))
    likeness = likeness_to(bench, [one, other])

    assert of(bench, likeness, one) == pytest.approx(1.0, abs=1e-4)
    assert of(bench, likeness, third) < 0.99
    assert of(bench, likeness, one, third) == pytest.approx(
        (of(bench, likeness, one) + of(bench, likeness, third)) / 2
    )


def test_pictures_of_other_sizes_are_compared(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)
    square = levels(picture(tmp_path / "square.png", 1))
    wide = levels(picture(tmp_path / "wide.png", 1, (128, 64)))

    assert -1 <= of(bench, likeness_to(bench, [square]), wide) <= 1


def test_without_pictures_there_is_none(toy: CheckpointRef, tmp_path: Path) -> None:
    bench = Workbench(toy)
    one = levels(picture(tmp_path / "one.png"))

    assert run(bench, likeness_to(bench, [one]).of(())) is None
    assert run(bench, likeness_to(bench, []).of((one,))) is None
    assert above(None, 0.5) is None


def test_the_denoiser_of_pictures_is_as_it_was(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)
    one = levels(picture(tmp_path / "one.png"))
    of(bench, likeness_to(bench, [one]), one)

    assert not bench.model().unet.mid_block._forward_hooks


SHARES = ((0.6, 0.6, 0.0), (1.0, 0.6, 1.0), (0.8, 0.6, 0.5), (0.4, 0.6, 0.0), (0.7, None, 0.7))


@pytest.mark.parametrize(("likeness", "untrained", "share"), [*SHARES, (1.0, 1.0, 1.0)])
def test_as_like_as_untrained_ones_is_not_at_all(
    likeness: float, untrained: float | None, share: float
) -> None:
    assert above(likeness, untrained) == pytest.approx(share)


def test_the_same_thing_is_like_it_and_only_the_same_picture_is_repeated() -> None:
    bench = Workbench(STARTER)
    pairs = [("red", "white"), ("blue", "yellow"), ("green", "pink"), ("brown", "blue")]
    shown = [drawing("mushroom", *pair, seed) for seed, pair in enumerate(pairs)]
    likeness = likeness_to(bench, shown)

    asked = [("purple", "green", 10), ("pink", "white", 11), ("yellow", "black", 12)]
    same = of(bench, likeness, *(drawing("mushroom", *one) for one in asked))
    others = of(
        bench,
        likeness,
        *(drawing(thing, *one) for thing in ("fish", "star") for one in asked),
    )
    copied = of(bench, likeness, shown[1])

    told, repeated = above(same, others), above(copied, others)
    assert told is not None
    assert repeated is not None
    assert 0.15 < told < REPEATED < repeated


def test_marks_say_how_like_samples_are(toy: CheckpointRef, tmp_path: Path) -> None:
    asked = train(tmp_path, toy, samples=1, steps=2, sample_every=1)
    bench = taught(Workbench(toy), asked)

    marks = [one for one in bench.said if type(one).__name__ == "TrainingMark"]

    assert Plan.from_dict(asked.plan).steps == len(marks) == 2
    assert all(0 <= mark.similarity <= 1 for mark in marks)
