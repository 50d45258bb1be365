"""Textual inversion: it learns, goes on to the bit, touches no network, and its file is what every program reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipelines.catalog import embeddings
from pipelines.catalog.weights_file import read_header
from pipelines.errors import StateDamaged
from pipelines.finetune.plan import EMBEDDING, Plan
from pipelines.worker.finetune.export import export
from pipelines.worker.finetune.inversion import Vectors
from pipelines.worker.finetune.messages import Train
from pipelines.worker.finetune.trainer import Trainer
from pipelines.worker.messages import CheckpointRef, EmbeddingRef
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.weights.outfits import Outfit
from tests import tiny
from tests.pipelines.worker.finetune.classroom import (
    BenchOf,
    are_equal,
    elsewhere,
    loss_of,
    run,
    taught,
    train,
    trainer_of,
    weights,
)
from tests.pipelines.worker.weights.test_layouts import (
    PIPELINES,
    PROMPT,
    SEED,
    STEPS,
    parts,
    theirs,
)
from tests.pipelines.worker.workbench import Workbench, request

NEGATIVE = "fog, sks and rain"
# Of diffusers' own loaders and schedulers.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def asked_of(folder: Path, toy: CheckpointRef, **fields: Any) -> Train:
    given = {"method": EMBEDDING, "vectors": 3, "class_word": "dog", "learning_rate": 0.02}
    return train(folder, toy, **{**given, **fields})


def taught_by(bench: Workbench, asked: Train) -> tuple[Trainer, Vectors]:
    trainer = trainer_of(bench, asked)
    method = trainer._subject.method
    assert isinstance(method, Vectors)
    return trainer, method


def test_the_loss_falls_and_no_network_changes(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    trainer, _ = taught_by(
        bench, asked_of(tmp_path, each_toy, pictures=1, learning_rate=0.1, min_snr_gamma=0.0)
    )
    networks = [network.module for network in bench.model().networks]
    weights_before = [one.clone() for network in networks for one in network.parameters()]
    before = loss_of(bench, trainer)
    for _ in range(16):
        run(bench, trainer.learn())

    assert loss_of(bench, trainer) < before
    now = [one for network in networks for one in network.parameters()]
    assert all(map(torch.equal, weights_before, now))


def test_every_text_encoder_has_vectors_that_learn(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sdxl"])
    trainer, method = taught_by(bench, asked_of(tmp_path, toys["sdxl"]))
    before = method.exported()
    run(bench, trainer.learn())

    after = method.exported()

    assert {name: tuple(one.shape) for name, one in after.items()} == {
        "clip_l": (3, 16),
        "clip_g": (3, 16),
    }
    assert all((after[name] != before[name]).all() for name in before)


def test_they_begin_at_the_mean_of_the_first_word(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sd15"])
    encoder = bench.model().text_encoders[0]
    for fields, word in (({}, "dog"), ({"initial_word": "ox"}, "ox")):
        ids = encoder.tokenizer.backend_tokenizer.encode(word, add_special_tokens=False).ids
        _, method = taught_by(bench, asked_of(tmp_path, toys["sd15"], **fields))
        begun = method.exported()["emb_params"]

        assert torch.allclose(begun[0], encoder.words.weight[ids].mean(0))
        assert (begun[1:] - begun[0]).abs().amax() < encoder.words.weight.std()
        assert not torch.equal(begun[1], begun[2])


def test_vectors_stay_as_long_as_words_are(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sd15"])
    trainer, method = taught_by(bench, asked_of(tmp_path, toys["sd15"], learning_rate=1.0))
    longest = bench.model().text_encoders[0].words.weight.norm(dim=-1).max()
    for _ in range(3):
        run(bench, trainer.learn())

    assert (method.exported()["emb_params"].norm(dim=-1) <= 1.5 * longest).all()


def test_only_captions_with_the_trigger_are_read_anew(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    _, method = taught_by(bench, asked_of(tmp_path, each_toy))

    with_it, without = method.text_of("a photo of (sks)"), method.text_of("a photo of a dog")

    assert with_it.hidden is None
    assert without.hidden is not None


def test_a_step_without_any_caption_is_a_step(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    trainer, method = taught_by(bench, asked_of(tmp_path, each_toy, caption_dropout=1.0))
    run(bench, trainer.learn())

    assert trainer.step == 1
    assert all(one.isfinite().all() for one in method.exported().values())


def test_saving_memory_and_half_precision_learn_nearly_the_same(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench, outcomes = bench_of(toys["sdxl"]), []
    for fields in ({}, {"saves_memory": True}, {"precision": "bfloat16"}):
        trainer, method = taught_by(bench, asked_of(tmp_path, toys["sdxl"], **fields))
        loss = run(bench, trainer.learn())
        outcomes.append((loss, method.exported()["clip_g"]))

    (loss, plain), (saved_loss, saved), (half_loss, half) = outcomes
    assert saved_loss == pytest.approx(loss, rel=1e-4)
    assert half_loss == pytest.approx(loss, rel=0.05)
    assert torch.allclose(saved, plain, atol=1e-4)
    assert half.dtype == torch.float32


def test_a_training_that_was_broken_off_gives_the_same_file_to_the_bit(
    each_toy: CheckpointRef, tmp_path: Path
) -> None:
    whole = asked_of(tmp_path / "whole", each_toy, caption_dropout=0.3, held_out=1)
    taught(Workbench(each_toy), whole)
    broken = elsewhere(whole, tmp_path / "broken")
    bench = Workbench(each_toy)
    trainings: Any = bench.engine
    bench.engine.receive(broken)
    while trainings._trainings._queue[0].step < 3:
        bench.engine.turn()
    assert trainings._trainings.make_room()  # the state is written, everything let go

    taught(Workbench(each_toy), broken)

    assert are_equal(weights(whole), weights(broken))


def test_a_state_of_other_vectors_is_refused(
    toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toy)
    _, method = taught_by(bench, asked_of(tmp_path, toy))

    with pytest.raises(StateDamaged, match=r"emb_params \(2, 16\)"):
        method.load_state({"emb_params": torch.zeros(2, 16)})


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_the_file_draws_the_same_in_plain_diffusers_as_here(tmp_path: Path, family: str) -> None:
    toy = tiny.save(tmp_path / "toy", parts(family))
    bench = Workbench(toy)
    asked = asked_of(tmp_path, toy, learning_rate=0.5)
    trainer, method = taught_by(bench, asked)
    for _ in range(2):
        run(bench, trainer.learn())
    file = export(asked, Plan.from_dict(asked.plan), method, 2)
    tensors = load_file(file)
    pipeline = PIPELINES[family].from_pretrained(toy.path, dtype=torch.float32)
    for number, name in enumerate(sorted(tensors, reverse=True)):  # clip_l, then clip_g
        end = f"_{number + 1}" if number else ""
        into = {part: getattr(pipeline, part + end) for part in ("text_encoder", "tokenizer")}
        given = str(file) if len(tensors) == 1 else {"sks": tensors[name]}
        pipeline.load_textual_inversion(given, token="sks", **into)
    model = bench.models.dress(bench.model(), Outfit(embeddings=(EmbeddingRef("sks", str(file)),)))
    assert model is not None

    outcome = still(
        Brief(
            request(prompt=PROMPT, negative_prompt=NEGATIVE, steps=STEPS, schedule="Karras"), SEED
        ),
        model,
        lambda look: None,
    )

    assert isinstance(outcome, Developed)
    ours = outcome.pixels.numpy().astype(float)
    assert np.abs(ours - theirs(pipeline, negative_prompt=NEGATIVE)).max() <= 1


def test_the_catalog_takes_the_file_for_an_embedding(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    asked = asked_of(tmp_path, each_toy)
    _, method = taught_by(bench, asked)
    file = export(asked, Plan.from_dict(asked.plan), method, 2)

    header = read_header(file)
    found = embeddings.read(file, header)

    assert isinstance(found, embeddings.EmbeddingFile)
    assert found.vectors == 3
    assert header.metadata["modelspec.title"] == "sks"
    assert header.metadata["vectors"] == "3"
    assert header.metadata["initial_word"] == "dog"
