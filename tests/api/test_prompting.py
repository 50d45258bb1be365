"""Prompts explained over HTTP: parts, steps, weights, chunks, places of traps, and what is not there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines import PromptQuestion
from tests import paper_file
from tests.api.conftest import House


def explained(house: House, **asked: Any) -> Any:
    answer = house.client.post("/api/v1/prompts/explain", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def shelf(home: House) -> Iterator[None]:
    """An embedding that fits and one that does not, taken away afterwards: the house is shared."""
    folder = home.settings.models_dir[0] / "extras" / "embeddings"
    files = [
        paper_file.write(folder / "zzyx.safetensors", {"emb_params": (3, 768)}),
        paper_file.write(folder / "zzxl.safetensors", {"clip_l": (2, 768), "clip_g": (2, 1280)}),
    ]
    yield
    for file in files:
        file.unlink()


def test_a_prompt_is_told_part_by_part(home: House) -> None:
    told = explained(home, prompt="a [red:blue:0.5] (boat:1.3) AND sea : 0.5", steps=10)["prompt"]

    first, second = told["parts"]
    assert (first["weight"], second["weight"]) == (1.0, 0.5)
    assert [one["steps"] for one in first["variants"]] == [[[1, 5]], [[6, 10]]]
    assert first["variants"][1]["text"] == "a blue (boat:1.3)"
    assert first["variants"][1]["segments"] == [
        {"text": "a blue ", "weight": 1.0, "is_break": False},
        {"text": "boat", "weight": 1.3, "is_break": False},
    ]
    (chunk,) = first["variants"][1]["chunks"]
    assert chunk["ended_by"] == "end"
    assert "".join(one["text"] for one in chunk["pieces"]) == "ablueboat"
    assert {one["weight"] for one in chunk["pieces"]} == {1.0, 1.3}
    assert chunk["tokens"] == sum(one["tokens"] for one in chunk["pieces"])
    assert told["hires_parts"] is None
    assert (told["parts_left_out"], told["warnings"], told["networks"]) == (0, [], [])


def test_the_count_is_that_of_the_longest_variant_and_of_the_counter(home: House) -> None:
    prompt = "red AND [blue|blue blue blue blue] BREAK red"

    told = explained(home, prompt=prompt)["prompt"]

    counted = home.client.post("/api/v1/tokens", json={"text": prompt}).json()
    assert {name: told[name] for name in ("tokens", "limit")} == counted
    assert told["limit"] == 150
    assert told["tokens"] == 75 + told["parts"][0]["variants"][0]["tokens"]


def test_steps_of_an_alternation_are_ranges(home: House) -> None:
    (part,) = explained(home, prompt="[a|b|b]", steps=6)["prompt"]["parts"]

    assert [one["steps"] for one in part["variants"]] == [[[1, 1], [4, 4]], [[2, 3], [5, 6]]]


def test_the_second_pass_is_told_too(home: House) -> None:
    told = explained(home, prompt="[a:b:0.5] [c:d:25]", steps=20, hires_steps=10)["prompt"]

    (part,) = told["hires_parts"]
    assert [(one["text"], one["steps"]) for one in part["variants"]] == [
        ("b c", [[1, 5]]),
        ("b d", [[6, 10]]),
    ]


def test_places_are_those_of_javascript(home: House) -> None:
    prompt = "🦊🦊 (a:1.1.1) <lora:none:1> wide, 16:9"

    told = explained(home, prompt=prompt)["prompt"]

    units = prompt.encode("utf-16-le")
    for row in (*told["warnings"], *told["networks"]):
        assert units[2 * row["start"] : 2 * row["end"]].decode("utf-16-le") == row["text"]
    assert [row["code"] for row in told["warnings"]] == [
        "bad_weight",
        "unknown_network",
        "and_weight",
    ]
    assert [row["is_refused"] for row in told["warnings"]] == [True, True, False]
    assert all(row["why"] and row["remedy"] for row in told["warnings"])


def test_a_character_of_several_tokens_is_one_piece(home: House) -> None:
    (variant,) = explained(home, prompt="🦊🦊")["prompt"]["parts"][0]["variants"]

    pieces = variant["chunks"][0]["pieces"]
    assert [one["text"] for one in pieces] == ["🦊", "🦊"]
    assert sum(one["tokens"] for one in pieces) == variant["tokens"] > 2


def test_networks_and_embeddings_are_told_with_what_is_wrong(home: House, shelf: None) -> None:
    told = explained(
        home,
        prompt="<lora:none:1> <foo:x:1> (zzyx:1.2), zzxl",
        negative_prompt="zzyx <lora:none:1>",
    )

    prompt, negative = told["prompt"], told["negative_prompt"]
    assert [(one["kind"], one["name"], one["is_known"]) for one in prompt["networks"]] == [
        ("lora", "none", False),
        ("foo", "x", False),
    ]
    assert all(one["problem"] for one in prompt["networks"])
    assert [(one["name"], one["vectors"]) for one in prompt["embeddings"]] == [
        ("zzyx", 3),
        ("zzxl", 2),
    ]
    assert prompt["embeddings"][0]["problem"] == ""
    assert "sdxl" in prompt["embeddings"][1]["problem"]
    pieces = prompt["parts"][0]["variants"][0]["chunks"][0]["pieces"]
    assert ("zzyx", "zzyx", 3, 1.2) in [
        (one["text"], one["embedding"], one["tokens"], one["weight"]) for one in pieces
    ]
    assert {one["code"] for one in prompt["warnings"]} == {
        "unknown_network",
        "unknown_kind",
        "unusable_embedding",
    }
    assert negative["networks"] == []
    assert [one["code"] for one in negative["warnings"]] == ["network_in_negative"]


def test_with_emphasis_none_brackets_are_words(home: House) -> None:
    told = explained(home, prompt="(a:1.1.1)", wording={"emphasis": "none"})["prompt"]

    assert told["warnings"] == []
    assert told["parts"][0]["variants"][0]["segments"] == [
        {"text": "(a:1.1.1)", "weight": 1.0, "is_break": False}
    ]


def test_nothing_asked_is_nothing_told(home: House) -> None:
    told = explained(home)["prompt"]

    assert (told["tokens"], told["limit"]) == (0, 75)
    assert told["parts"][0]["variants"][0]["steps"] == [[1, 20]]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"prompt": 3}, "prompt"),
        ({"prompt": "x" * 10_001}, "prompt"),
        ({"negative_prompt": "\ud800"}, "negative_prompt"),
        ({"steps": 0}, "steps"),
        ({"steps": "many"}, "steps"),
        ({"hires_steps": 151}, "hires_steps"),
        ({"checkpoint": 1}, "checkpoint"),
        ({"wording": {"emphasis": "loud"}}, "wording.emphasis"),
        ({"wording": 3}, "wording"),
        ({"colour": "red"}, "colour"),
    ],
    ids=range(10),
)
def test_what_cannot_be_used_is_refused_by_name(
    home: House, asked: dict[str, Any], field: str
) -> None:
    answer = home.client.post("/api/v1/prompts/explain", content=json.dumps(asked))

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert answer.json()["error"]["remedy"]


def test_an_unknown_checkpoint_is_not_found(home: House) -> None:
    answer = home.client.post("/api/v1/prompts/explain", json={"checkpoint": "gone"})

    assert answer.status_code in (404, 422)


@pytest.mark.parametrize(
    "prompt",
    ["(" * 10_000, "[a|b]" * 2000, "AND " * 2500, ")" * 10_000, "a " * 5000, "[:" * 5000],
    ids=range(6),
)
def test_the_answer_is_bounded_whatever_is_asked(home: House, prompt: str) -> None:
    told = explained(home, prompt=prompt, steps=150, hires_steps=150)["prompt"]

    parts = [*told["parts"], *told["hires_parts"]]
    assert len(parts) <= 32
    assert len(told["warnings"]) <= 50
    for part in parts:
        assert len(part["variants"]) <= 12
        assert all(len(one["steps"]) <= 32 for one in part["variants"])


def test_a_usual_prompt_is_explained_while_one_types(home: House) -> None:
    prompt = ", ".join(["best quality", "(a red circle:1.2)", "on the [sea:snow:0.5]"] * 8)
    question = PromptQuestion(prompt=prompt, negative_prompt="(blurry:1.3), text")
    home.manager.explain(question)

    begin = time.perf_counter()
    home.manager.explain(question)

    assert time.perf_counter() - begin < 1.0  # 10 ms where nothing else runs
