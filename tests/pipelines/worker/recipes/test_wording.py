"""Words to embeddings: as diffusers does it for short texts, in chunks for long ones."""

from __future__ import annotations

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.wording import conditioning, embedding, token_chunks
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, request

START, END = 512, 513


def test_a_short_prompt_means_what_it_means_to_diffusers(toy: CheckpointRef) -> None:
    parts = tiny.components()
    pipeline = StableDiffusionPipeline(
        **parts.as_dict(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    positive, negative = pipeline.encode_prompt(
        "A red  boat,\nat dawn", "cpu", 1, True, negative_prompt="fog"
    )

    moment = conditioning(
        request(prompt="A red  boat,\nat dawn", negative_prompt="fog"), Workbench(toy).model()
    ).at(0)

    assert torch.equal(moment.parts[0][1], positive)
    assert torch.equal(moment.negative, negative)


def test_no_text_is_one_empty_chunk(bench: Workbench) -> None:
    assert token_chunks("", bench.model()) == [[START] + [END] * 76]


def test_a_text_of_just_75_tokens_is_one_chunk(bench: Workbench) -> None:
    (chunk,) = token_chunks("é" * 37 + "x", bench.model())  # é is two bytes, so two tokens

    assert len(chunk) == 77
    assert (chunk[0], chunk[76]) == (START, END)
    assert END not in chunk[1:76]


def test_a_longer_text_goes_on_in_further_chunks(bench: Workbench) -> None:
    model = bench.model()

    chunks = token_chunks("abc " * 51, model)  # 153 tokens

    assert [len(chunk) for chunk in chunks] == [77, 77, 77]
    assert all(chunk[0] == START for chunk in chunks)
    assert [chunk.index(END) for chunk in chunks] == [76, 76, 4]
    assert embedding("abc " * 51, model).shape == (1, 3 * 77, 16)


def test_each_chunk_is_encoded_as_if_it_were_alone(bench: Workbench) -> None:
    model = bench.model()

    long = embedding("abc " * 50, model)

    for begin in (0, 77):
        chunk = embedding("abc " * 25, model)
        torch.testing.assert_close(long[:, begin : begin + 77], chunk, rtol=0, atol=1e-5)


def test_a_text_is_encoded_once(bench: Workbench) -> None:
    model = bench.model()

    assert embedding("twice", model) is embedding("twice", model)


def test_only_the_last_texts_are_remembered(bench: Workbench) -> None:
    model = bench.model()
    first = embedding("first", model)

    for number in range(64):
        embedding(f"text {number}", model)

    assert embedding("first", model) is not first
