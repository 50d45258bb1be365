"""The comparison of steps and strengths: the grid that is asked for makes just the prompts that are meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.errors import RequestError
from pipelines.finetune.results.comparing import grid_request, names_of_steps
from pipelines.grids.cells import cells, one_picture, varied
from pipelines.request import Request
from tests.pipelines.finetune.results.taught import kept, taught

NAMES = {100: "zorp-000100", 200: "zorp-000200"}


def prompts(request: Request) -> list[str]:
    assert request.grid is not None
    plain = one_picture(request)
    return [cell.of(plain).prompt for cell in cells(varied(request.grid))]


def labels(request: Request) -> list[list[str]]:
    assert request.grid is not None
    return [[value.label for value in axis.values] for axis in varied(request.grid)]


def test_steps_stand_beside_one_another_and_strengths_below() -> None:
    request = grid_request(taught(), NAMES, strengths=[0, 0.5, 1])

    assert prompts(request) == [
        "a zorp dog <lora:zorp-000100:0.0>",
        "a zorp dog <lora:zorp-000200:0.0>",
        "a zorp dog <lora:zorp-000100:0.5>",
        "a zorp dog <lora:zorp-000200:0.5>",
        "a zorp dog <lora:zorp-000100:1>",
        "a zorp dog <lora:zorp-000200:1>",
    ]
    assert labels(request) == [["zorp-000100", "zorp-000200"], ["0.0", "0.5", "1"]]
    assert (request.checkpoint, request.seed) == ("v1-5", 7)


@pytest.mark.parametrize(
    ("prompt", "strengths"),
    [
        ("zorp at 1.0 of 0.5, 0 and 1", [1, 0.5, 0]),
        ("0.8 0.80 0.800", [0.8]),
        ("a zorp-000100 dog", [1.0]),
        ("10 dogs, 100 cats", [1, 10]),
    ],
)
def test_numbers_in_the_prompt_stay_what_they_are(prompt: str, strengths: list[float]) -> None:
    made = prompts(grid_request(taught(), {200: "dogs-000200"}, [200], strengths, prompt))

    assert len(made) == len(strengths)
    for text, strength in zip(made, strengths, strict=True):
        words, _, tag = text.partition(" <lora:")
        assert words == prompt
        assert float(tag.rstrip(">").partition(":")[2]) == strength


def test_one_step_and_all_strengths_are_the_default() -> None:
    made = prompts(grid_request(taught(), {200: "zorp-000200"}))

    assert [text.rpartition(":")[2] for text in made] == ["0.0>", "0.6>", "0.8>", "1>"]


def test_embeddings_are_compared_by_their_names_and_without() -> None:
    request = grid_request(taught(method="embedding"), NAMES)

    assert prompts(request) == ["a zorp-000100 dog", "a dog", "a zorp-000200 dog"]
    assert len(labels(request)) == 1


def test_in_a_prompt_of_ones_own_the_embedding_takes_the_place_of_the_word() -> None:
    training = taught(method="embedding")

    assert prompts(grid_request(training, NAMES, prompt="zorp, on the moon")) == [
        "zorp-000100, on the moon",
        "zorp-000200, on the moon",
    ]
    assert prompts(grid_request(training, NAMES, [200], prompt="a lake")) == ["a lake, zorp-000200"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"steps": [150]}, "steps"),
        ({"names": {}}, "steps"),
        ({"strengths": [float("nan")]}, "strengths"),
        ({"strengths": [True]}, "strengths"),
        ({"strengths": [1e9]}, "strengths"),
        ({"method": "embedding", "strengths": [1.0]}, "strengths"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_its_name(given: dict[str, Any], field: str) -> None:
    training = taught(method=given.pop("method", "lora"))

    with pytest.raises(RequestError) as caught:
        grid_request(training, **({"names": NAMES} | given))

    assert caught.value.field == field


def test_steps_are_called_as_the_catalog_calls_them(tmp_path: Path) -> None:
    training = taught()
    first, second = (kept(tmp_path / name, training) for name in ("first", "second"))
    (second / "steps/zorp-000100.safetensors").write_bytes(b"half")
    others = Catalog([tmp_path]).others()

    names = [names_of_steps(training, folder, others) for folder in (first, second)]

    assert sorted(names[0]) == [100, 200]
    assert list(names[1]) == [200]  # what is damaged cannot be compared
    every = [name for one in names for name in one.values()]
    assert len(set(every)) == len(every)
