"""Samples: the pictures that everybody will draw with the file later, at the untrained checkpoint and at each mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pipelines.finetune.plan import EMBEDDING
from pipelines.worker.finetune.messages import Train, TrainingSample
from pipelines.worker.finetune.samples import samples
from pipelines.worker.messages import CheckpointRef, EmbeddingRef, LoraRef
from tests.pipelines.worker.finetune.classroom import run, shop_of, taught, train
from tests.pipelines.worker.weights.accessories import embedding
from tests.pipelines.worker.workbench import Workbench, alone


def sampled(asked: Train, step: int, file: Path | None) -> tuple[Workbench, list[TrainingSample]]:
    bench = Workbench(asked.checkpoint)
    pictures = run(bench, samples(shop_of(bench), asked, step, file))
    told = [one for one in bench.said if isinstance(one, TrainingSample)]
    assert [one.pixels.data for one in told] == [one.numpy().tobytes() for one in pictures]
    return bench, told


def numbers(sample: TrainingSample) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(sample.pixels.data, np.uint8).copy()).int()


def test_the_untrained_ones_are_the_ordinary_pictures(toy: CheckpointRef, tmp_path: Path) -> None:
    asked = train(tmp_path, toy, samples=2)

    bench, told = sampled(asked, 0, None)

    assert [(one.training_id, one.step, one.index) for one in told] == [
        ("one", 0, 0),
        ("one", 0, 1),
    ]
    assert torch.equal(numbers(told[0]), alone(toy, prompt="a sks", steps=2, seed=5))
    bench.models.unload(toy.name)
    assert bench.models.names == ()  # nothing is held any more


def test_a_lora_is_worn_as_everybody_wears_it(toy: CheckpointRef, tmp_path: Path) -> None:
    asked = train(tmp_path, toy, samples=1, steps=2, learning_rate=0.5)
    taught(Workbench(toy), asked)
    file = tmp_path / "steps/sks-000002.safetensors"

    _, (told,) = sampled(asked, 2, file)

    lora = LoraRef("sks", str(file))
    assert torch.equal(numbers(told), alone(toy, prompt="a sks", steps=2, seed=5, loras=(lora,)))
    assert not torch.equal(numbers(told), alone(toy, prompt="a sks", steps=2, seed=5))


def test_an_embedding_answers_to_the_trigger(toy: CheckpointRef, tmp_path: Path) -> None:
    file = Path(embedding(tmp_path, "another name").path)
    asked = train(tmp_path, toy, samples=1, method=EMBEDDING)

    _, (told,) = sampled(asked, 2, file)

    word = (EmbeddingRef("sks", str(file)),)
    assert torch.equal(numbers(told), alone(toy, prompt="a sks", steps=2, seed=5, embeddings=word))


def test_a_file_that_was_written_anew_is_read_anew(toy: CheckpointRef, tmp_path: Path) -> None:
    asked, bench = train(tmp_path, toy, samples=1, method=EMBEDDING), Workbench(toy)
    file = Path(embedding(tmp_path, "sks", seed=1).path)
    (before,) = run(bench, samples(shop_of(bench), asked, 2, file))
    embedding(tmp_path, "sks", count=4, seed=2)

    (after,) = run(bench, samples(shop_of(bench), asked, 2, file))

    assert not torch.equal(before, after)
