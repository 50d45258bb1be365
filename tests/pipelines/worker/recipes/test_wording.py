"""Words to embeddings: as diffusers does it for short texts, in chunks for long ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

from pipelines.errors import RequestError
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes import chunks
from pipelines.worker.recipes.wording import conditioning, words
from pipelines.worker.weights.loading import Model
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, request

START, END = 512, 513


def chunks_of(text: str, model: Model) -> list[list[int]]:
    return [list(ids) for ids in chunks.chunks_of(text, model.text_encoders[0], model).ids]


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

    assert torch.equal(moment.parts[0][1].hidden, positive)
    assert torch.equal(moment.negative.hidden, negative)


@pytest.mark.parametrize("clip_skip", [2, 3])
@pytest.mark.parametrize("family", ["sd15", "sd2"])
def test_clip_skip_means_what_it_means_to_diffusers(
    family: str, clip_skip: int, tmp_path: Path
) -> None:
    parts = tiny.components(dataclasses.replace(tiny.TOY, text_layers=3), family=family)
    # By this name, which it no longer has, diffusers looks for the last norm.
    object.__setattr__(parts.text_encoder, "text_model", parts.text_encoder)
    pipeline = StableDiffusionPipeline(
        **parts.as_dict(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    positive, negative = (  # one by one: diffusers skips no layer for a negative prompt
        pipeline.encode_prompt(text, "cpu", 1, False, clip_skip=clip_skip - 1)[0]
        for text in ("a boat", "fog")
    )

    asked = request(prompt="a boat", negative_prompt="fog", clip_skip=clip_skip)
    model = Workbench(tiny.save(tmp_path / family, parts)).model()
    moment = conditioning(asked, model).at(0)

    assert torch.equal(moment.parts[0][1].hidden, positive)
    assert torch.equal(moment.negative.hidden, negative)
    assert not torch.equal(words("a boat", model).hidden, positive)


def test_more_layers_than_there_are_cannot_be_skipped(bench: Workbench) -> None:
    with pytest.raises(
        RequestError, match="clip_skip = 2: is more than the text encoder of toy has layers"
    ) as refused:
        conditioning(request(clip_skip=2), bench.model())

    assert refused.value.remedy == "Use at most 1."


def test_sdxl_speaks_from_its_own_layer_whatever_is_skipped(tmp_path: Path) -> None:
    parts = tiny.components(tiny.PLAIN["sdxl"], family="sdxl")
    model = Workbench(tiny.save(tmp_path / "sdxl", parts)).model()

    plain, skipping = (conditioning(request(clip_skip=n), model).at(0) for n in (1, 2))

    assert plain.parts[0][1] is skipping.parts[0][1]


def test_no_text_is_one_empty_chunk(bench: Workbench) -> None:
    assert chunks_of("", bench.model()) == [[START] + [END] * 76]


def test_a_text_of_just_75_tokens_is_one_chunk(bench: Workbench) -> None:
    (chunk,) = chunks_of("é" * 37 + "x", bench.model())  # é is two bytes, so two tokens

    assert len(chunk) == 77
    assert (chunk[0], chunk[76]) == (START, END)
    assert END not in chunk[1:76]


def test_a_longer_text_goes_on_in_further_chunks(bench: Workbench) -> None:
    model = bench.model()

    chunks = chunks_of("abc " * 51, model)  # 153 tokens

    assert [len(chunk) for chunk in chunks] == [77, 77, 77]
    assert all(chunk[0] == START for chunk in chunks)
    assert [chunk.index(END) for chunk in chunks] == [76, 76, 4]
    assert words("abc " * 51, model).hidden.shape == (1, 3 * 77, 16)


def test_each_chunk_is_encoded_as_if_it_were_alone(bench: Workbench) -> None:
    model = bench.model()

    long = words("abc " * 50, model).hidden

    for begin in (0, 77):
        chunk = words("abc " * 25, model).hidden
        torch.testing.assert_close(long[:, begin : begin + 77], chunk, rtol=0, atol=1e-5)


def test_a_text_is_encoded_once(bench: Workbench) -> None:
    model = bench.model()

    assert words("twice", model) is words("twice", model)


def test_only_the_last_texts_are_remembered(bench: Workbench) -> None:
    model = bench.model()
    first = words("first", model)

    for number in range(64):
        words(f"text {number}", model)

    assert words("first", model) is not first
