"""What weights, breaks, sums and switches do to what the denoiser is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pipelines.asking.wording import Wording
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes import chunks
from pipelines.worker.recipes.script import script
from pipelines.worker.recipes.wording import conditioning, words
from pipelines.worker.weights.loading import Model
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, alone, request


@pytest.fixture(scope="module")
def leaning(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    """A toy whose encoded texts have a mean, as those of real encoders; that of a fresh one is zero."""
    parts = tiny.components()
    torch.nn.init.constant_(parts.text_encoder.final_layer_norm.bias, 0.3)
    return tiny.save(tmp_path_factory.mktemp("models") / "leaning", parts)


@pytest.fixture
def bench(leaning: CheckpointRef) -> Workbench:
    return Workbench(leaning)


def said(text: str, model: Model, **wording: Any) -> Tensor:
    """(77 · chunks, width)"""
    return words(text, model, wording=Wording(**wording)).hidden[0]


def plainly(text: str, model: Model, factors: dict[int, float], *, is_restored: bool) -> Tensor:
    """The states of a text without weights, with these factors at these places, chunk by chunk."""
    states = words(text, model).hidden.reshape(-1, 77, 16).clone()
    for place, factor in factors.items():
        states[place // 77, place % 77] *= factor
    if is_restored:
        before = words(text, model).hidden.reshape(-1, 77, 16)
        for chunk, own in zip(states, before, strict=True):
            chunk *= own.mean() / chunk.mean()
    return states.reshape(-1, 16)


def test_a_weight_scales_its_tokens_and_no_others(bench: Workbench) -> None:
    model = bench.model()

    weighted = said("ab (cd:1.5) e", model, emphasis="no norm")

    expected = plainly("ab cd e", model, {3: 1.5, 4: 1.5}, is_restored=False)
    torch.testing.assert_close(weighted, expected)


def test_original_brings_the_mean_back(bench: Workbench) -> None:
    model = bench.model()

    weighted = said("ab (cd:1.5) e", model)

    torch.testing.assert_close(weighted.mean(), said("ab cd e", model).mean())
    expected = plainly("ab cd e", model, {3: 1.5, 4: 1.5}, is_restored=True)
    torch.testing.assert_close(weighted, expected)


def test_each_chunk_keeps_a_mean_of_its_own(bench: Workbench) -> None:
    model = bench.model()

    both = said("(ab:1.5) BREAK cd", model)

    torch.testing.assert_close(both[:77], said("(ab:1.5)", model))
    torch.testing.assert_close(both[77:], said("cd", model))


def test_a_long_prompt_is_as_the_plain_computation_says(bench: Workbench) -> None:
    model = bench.model()
    start, middle = "abc " * 20, "def " * 12  # tokens 0 to 59 and 60 to 95; 75 fill a chunk

    weighted = said(f"{start}({middle}:1.3)", model)

    places = [1 + token if token < 75 else 78 + token - 75 for token in range(60, 96)]
    expected = plainly(start + middle, model, dict.fromkeys(places, 1.3), is_restored=True)
    torch.testing.assert_close(weighted, expected, rtol=1e-4, atol=1e-5)


def test_a_mean_that_is_only_rounding_is_left_alone(toy: CheckpointRef) -> None:
    model = Workbench(toy).model()

    assert torch.equal(said("ab (cd:1.5)", model), said("ab (cd:1.5)", model, emphasis="no norm"))


def test_ignored_weights_are_read_and_do_nothing(bench: Workbench) -> None:
    model = bench.model()

    assert torch.equal(said("ab (cd:1.5)", model, emphasis="ignore"), said("ab cd", model))


def test_with_none_brackets_are_words(bench: Workbench) -> None:
    model = bench.model()
    escaped = "ab \\(cd:1.5\\)"

    assert torch.equal(said("ab (cd:1.5)", model, emphasis="none"), said(escaped, model))


def test_a_weight_of_one_changes_no_bit(bench: Workbench) -> None:
    model = bench.model()

    assert torch.equal(said("(ab cd:1)", model), said("ab cd", model))


@pytest.mark.parametrize("weight", ["0", "-1", "1000"])
def test_any_weight_gives_numbers(bench: Workbench, weight: str) -> None:
    assert torch.isfinite(said(f"(ab:{weight})", bench.model())).all()


def test_the_pooled_text_has_no_weights_and_is_that_of_the_first_chunk(tmp_path: Path) -> None:
    parts = tiny.components(tiny.PLAIN["sdxl"], family="sdxl")
    model = Workbench(tiny.save(tmp_path / "sdxl", parts)).model()

    weighted, first = words("(ab:1.5) BREAK cd", model), words("ab", model)

    assert weighted.pooled is not None
    assert first.pooled is not None
    torch.testing.assert_close(weighted.pooled, first.pooled)
    assert not torch.equal(weighted.hidden[:, :77], first.hidden)


def test_break_begins_a_new_chunk(bench: Workbench) -> None:
    model = bench.model()

    found = chunks.chunks_of("ab BREAK (c:1.5)", model.text_encoders[0], model)

    assert [len(chunk) for chunk in found.ids] == [77, 77]
    assert [chunk[1] for chunk in found.weights] == [1.0, 1.5]


def test_a_full_chunk_ends_at_its_comma(bench: Workbench) -> None:
    model = bench.model()
    text = "x" * 65 + " , " + "y" * 20
    encoder = model.text_encoders[0]

    near, none = (
        chunks.chunks_of(text, encoder, model, Wording(comma_backtrack=n)) for n in (20, 0)
    )

    assert near.ids[0].index(encoder.tokenizer.eos_token_id) == 67
    assert none.ids[0].index(encoder.tokenizer.eos_token_id) == 76


def test_a_switch_happens_behind_its_step_of_the_plan(bench: Workbench) -> None:
    model = bench.model()
    told = conditioning(request(prompt="[a:b:2]", steps=6), model, first=3)

    texts = [told.at(step).parts[0][1].hidden for step in range(3, 9)]

    a, b = words("a", model).hidden, words("b", model).hidden
    assert [text is a for text in texts] == [True, True, False, False, False, False]
    assert [text is b for text in texts] == [False, False, True, True, True, True]


def test_texts_that_come_back_are_the_same_tensors(bench: Workbench) -> None:
    model, encoded = bench.model(), []
    asked = request(prompt="[a|b] AND c", negative_prompt="fog", steps=150)

    with bench.network("text_encoder").register_forward_pre_hook(
        lambda module, inputs: encoded.append(1)
    ):
        told = conditioning(asked, model)
        again = conditioning(asked, model)

    assert len(encoded) == 4
    for step in (0, 2, 149):
        assert again.at(step).negative.hidden is told.at(0).negative.hidden
        assert again.at(step).parts[1][1].hidden is told.at(1).parts[1][1].hidden
    assert told.at(0).parts[0][1].hidden is told.at(148).parts[0][1].hidden


def test_a_plain_prompt_costs_one_forward_and_one_for_the_negative(bench: Workbench) -> None:
    model, encoded = bench.model(), []

    with bench.network("text_encoder").register_forward_pre_hook(
        lambda module, inputs: encoded.append(1)
    ):
        told = conditioning(request(prompt="new words", negative_prompt="haze"), model)

    assert len(encoded) == 2
    assert len(told.spans) == 1


def test_parts_count_with_their_weights(bench: Workbench) -> None:
    told = conditioning(request(prompt="a AND b : 0.5 AND c:-1"), bench.model()).at(0)

    assert [weight for weight, _ in told.parts] == [1.0, 0.5, -1.0]


def test_two_equal_parts_are_one_with_twice_the_guidance(toy: CheckpointRef) -> None:
    twice = alone(toy, prompt="a AND a", guidance_scale=2.0)

    assert (twice - alone(toy, prompt="a", guidance_scale=4.0)).abs().max() <= 1
    assert not torch.equal(twice, alone(toy, prompt="a", guidance_scale=2.0))


def test_a_switch_after_all_steps_is_none_and_one_before_the_first_is_done(
    toy: CheckpointRef,
) -> None:
    assert torch.equal(alone(toy, prompt="[a:b:4]"), alone(toy, prompt="a"))
    assert torch.equal(alone(toy, prompt="[a:b:0]"), alone(toy, prompt="b"))
    assert not torch.equal(alone(toy, prompt="[a:b:2]"), alone(toy, prompt="a"))
    assert not torch.equal(alone(toy, prompt="[a:b:2]"), alone(toy, prompt="b"))


def test_pictures_of_different_prompts_are_together_what_they_are_alone(toy: CheckpointRef) -> None:
    asked = {
        "weights": "a (red:1.4) boat",
        "switch": "[a:b:2] boat",
        "sum": "a AND b : 0.5",
        "long": "abc, " * 30 + "(d:1.5)",
        "break": "a BREAK (b:0.5)",
    }
    bench = Workbench(toy)
    for job, prompt in asked.items():
        bench.submit(job, prompt=prompt, negative_prompt="(fog:1.2)")
    bench.run()

    for job, prompt in asked.items():
        own = alone(toy, prompt=prompt, negative_prompt="(fog:1.2)")
        assert (bench.pixels(job) - own).abs().max() <= 1, job


def test_the_script_is_what_conditioning_follows(bench: Workbench) -> None:
    asked = request(prompt="[a:b:2]", negative_prompt="[c:d:3]", steps=5)
    told = conditioning(asked, bench.model())

    assert [until for until, _ in told.spans] == [until for until, _ in script(asked)]
