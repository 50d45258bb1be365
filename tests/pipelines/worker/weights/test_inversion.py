"""Embeddings of jobs: pictures as diffusers makes them with the same files, for one job alone; or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from pipelines.worker.messages import CheckpointRef, EmbeddingRef
from pipelines.worker.recipes.chunks import chunks_of
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.recipes.wording import words
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.outfits import FILES_KEPT, Outfit
from tests import tiny
from tests.pipelines.worker.weights.accessories import embedding, save
from tests.pipelines.worker.weights.test_layouts import PIPELINES, PROMPT, STEPS, parts, theirs
from tests.pipelines.worker.workbench import Workbench, alone, request

# Of diffusers' own loaders and schedulers.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
WIDTHS = {"sd15": (32,), "sdxl": (32, 64)}
WORD, NEGATIVE = "BadHands-5", "fog, badhands-5 and rain"


def dressed(checkpoint: CheckpointRef, *refs: EmbeddingRef) -> Model:
    bench = Workbench(checkpoint)
    model = bench.models.dress(bench.model(), Outfit(embeddings=refs))
    assert model is not None
    return model


@pytest.mark.parametrize("family", WIDTHS)
def test_pictures_are_those_of_diffusers(tmp_path: Path, family: str) -> None:
    checkpoint = tiny.save(tmp_path / "toy", parts(family))
    ref = embedding(tmp_path, WORD, WIDTHS[family])
    pipeline = PIPELINES[family].from_pretrained(checkpoint.path, dtype=torch.float32)
    tensors = load_file(ref.path)
    for number, name in enumerate(sorted(tensors, reverse=True)):  # clip_l, then clip_g
        end = f"_{number + 1}" if number else ""
        pipeline.load_textual_inversion(
            {WORD.lower(): tensors[name]},
            text_encoder=getattr(pipeline, f"text_encoder{end}"),
            tokenizer=getattr(pipeline, f"tokenizer{end}"),
        )
    asked = request(prompt=PROMPT, negative_prompt=NEGATIVE, steps=STEPS, schedule="Karras")

    outcome = still(Brief(asked, 3), dressed(checkpoint, ref), lambda look: None)
    plain = still(Brief(asked, 3), dressed(checkpoint), lambda look: None)

    assert isinstance(outcome, Developed)
    assert isinstance(plain, Developed)
    ours = outcome.pixels.numpy().astype(float)
    assert np.abs(ours - theirs(pipeline, negative_prompt=NEGATIVE)).max() <= 1
    assert np.abs(ours - plain.pixels.numpy()).max() > 2


def test_vectors_stand_where_the_word_did_and_none_is_split(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    model = dressed(toy, embedding(tmp_path, "ab", count=8))
    encoder = model.text_encoders[0]

    chunks = chunks_of("x" * 70 + " ab " + "y", encoder, model)  # each byte is a token here

    assert [len(chunk) for chunk in chunks.ids] == [77, 77]
    (spot,) = chunks.spots
    assert (spot.chunk, spot.begin, len(spot.vectors)) == (1, 1, 8)
    assert chunks.ids[0][71] == encoder.tokenizer.eos_token_id
    assert list(chunks.ids[1][9:11]) == [
        *encoder.tokenizer.backend_tokenizer.encode("y", add_special_tokens=False).ids,
        encoder.tokenizer.eos_token_id,
    ]


def test_vectors_of_the_words_themselves_change_nothing(toy: CheckpointRef, tmp_path: Path) -> None:
    plain = dressed(toy)
    encoder = plain.text_encoders[0]
    ids = encoder.tokenizer.backend_tokenizer.encode("ab", add_special_tokens=False).ids
    own = encoder.words.weight[ids]
    ref = EmbeddingRef("xy", str(save(tmp_path / "xy.safetensors", {"emb_params": own})))

    said = words("a xy b", dressed(toy, ref))

    assert torch.equal(said.hidden, words("a ab b", plain).hidden)


def test_a_text_without_the_word_is_remembered_for_all(toy: CheckpointRef, tmp_path: Path) -> None:
    bench = Workbench(toy)
    plain = bench.model()
    model = bench.models.dress(plain, Outfit(embeddings=(embedding(tmp_path, "ab"),)))
    assert model is not None

    assert words("a boat", model) is words("a boat", plain)
    assert words("a ab", model) is not words("a ab", plain)


@pytest.mark.parametrize("exact", [True, False])
def test_eight_jobs_with_four_sets_are_those_made_alone(
    toy: CheckpointRef, tmp_path: Path, exact: bool
) -> None:
    one, two = embedding(tmp_path, "boat", seed=1), embedding(tmp_path, "a boat", seed=2)
    other = embedding(tmp_path / "other", "boat", seed=3)  # another file of the same name
    sets = [(), (one,), (one, two), (other,)]
    bench = Workbench(toy)
    table = bench.model().text_encoders[0].words.weight
    before = table.clone()
    for number in range(8):
        bench.submit(f"job {number}", embeddings=sets[number % 4], seed=number, exact=exact)
    bench.run()

    for number in range(8):
        wanted = alone(toy, embeddings=sets[number % 4], seed=number, exact=exact)
        difference = (bench.pixels(f"job {number}") - wanted).abs().max()
        assert difference <= (0 if exact else 1), number
    assert torch.equal(table, before)
    assert len({bench.pixels(f"job {n}").numpy().tobytes() for n in range(4)}) == 4


def test_a_job_may_bring_more_embeddings_than_are_kept(toy: CheckpointRef, tmp_path: Path) -> None:
    refs = tuple(embedding(tmp_path, f"word{n}", count=1) for n in range(FILES_KEPT + 3))
    bench = Workbench(toy)
    bench.submit(embeddings=refs, prompt="word1 word66", steps=1)
    bench.run()

    assert bench.ended() == ["job"]
    assert not torch.equal(bench.pixels(), alone(toy, prompt="word1 word66", steps=1))


Tensors = dict[str, Tensor]
DAMAGES: dict[str, tuple[Tensors | Callable[[Path], Any], str]] = {
    "another width": ({"emb_params": torch.ones(2, 768)}, "does not fit toy: its vectors have 768"),
    "for two encoders": (
        {"clip_l": torch.ones(2, 16), "clip_g": torch.ones(2, 32)},
        "its vectors have 16 and 32 numbers",
    ),
    "not finite": ({"emb_params": torch.full((2, 16), torch.nan)}, "NaN or infinity"),
    "uneven": ({"clip_l": torch.ones(2, 16), "clip_g": torch.ones(3, 16)}, "is no embedding"),
    "no list": ({"emb_params": torch.ones(2, 2, 16)}, "is no embedding"),
    "a number": ({"emb_params": torch.tensor(1.0)}, "is no embedding"),
    "several": ({"<a>": torch.ones(1, 16), "<b>": torch.ones(1, 16)}, "is no embedding"),
    "one half": ({"clip_g": torch.ones(1, 16)}, "is no embedding"),
    "nothing": ({}, "is no embedding"),
    "too many": ({"emb_params": torch.ones(76, 16)}, "has 76 vectors"),
    "no vectors": ({"emb_params": torch.ones(0, 16)}, "has 0 vectors"),
    "cut off": (lambda file: file.write_bytes(file.read_bytes()[:-8]), "is damaged"),
    "a web page": (lambda file: file.write_text("<html>"), "is damaged"),
    "a pickle": (lambda file: file.write_bytes(b"\x80\x02}q\x00."), "is damaged"),
    "not there": (lambda file: file.unlink(), "is damaged"),
}


@pytest.mark.parametrize(("damage", "cause"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_or_mismatched_embedding_is_refused_with_file_and_cause(
    toy: CheckpointRef, tmp_path: Path, damage: Tensors | Callable[[Path], Any], cause: str
) -> None:
    ref = embedding(tmp_path, "boat")
    if callable(damage):
        damage(Path(ref.path))
    else:
        save(Path(ref.path), damage)
    bench = Workbench(toy)
    bench.submit("job", embeddings=(ref,))
    bench.submit("next")
    bench.run()

    message = bench.failure("job")

    assert ref.path in message
    assert cause in message
    assert torch.equal(bench.pixels("next"), alone(toy))
