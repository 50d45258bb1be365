"""Prompts of a request on their way in: all of them are read, and what cannot be meant is refused with a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.asking.beginnings import Beginning
from pipelines.asking.hires import Hires
from pipelines.asking.wording import Wording
from pipelines.catalog.checkpoint import Other
from pipelines.errors import RequestError
from pipelines.manager.loras import loras_of
from pipelines.manager.prompts import check_prompts, prompts_of
from pipelines.request import Request
from tests.paper_file import write
from tests.pipelines.manager.test_loras import lora
from tests.studio import OWNER, asking, studio


def before(prompt: str = "", negative_prompt: str = "") -> tuple[Beginning, ...]:
    return (Beginning(until=1, prompt=prompt, negative_prompt=negative_prompt),)


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"prompt": "a (b:1.1.1)"}, "prompt", "(b:1.1.1)"),
        ({"negative_prompt": "(b:2000)"}, "negative_prompt", "(b:2000)"),
        ({"hires": Hires(prompt="(b:.)")}, "hires.prompt", "(b:.)"),
        ({"hires": Hires(negative_prompt="(b:.)")}, "hires.negative_prompt", "(b:.)"),
        ({"beginnings": before("(b:.)")}, "beginnings.0.prompt", "(b:.)"),
        ({"beginnings": before("", "(b:.)")}, "beginnings.0.negative_prompt", "(b:.)"),
        ({"prompt": "a AND " * 40}, "prompt", "a AND "),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(
    fields: dict[str, Any], field: str, value: str
) -> None:
    with pytest.raises(RequestError) as refused:
        check_prompts(asking(**fields))

    assert refused.value.field == field
    assert value in refused.value.message
    assert refused.value.remedy


def test_odd_prompts_are_taken() -> None:
    check_prompts(asking("(:3) [a:b] wide, 16:9", negative_prompt="((a] | b) BREAK"))
    check_prompts(asking("(b:1.1.1)", wording=Wording(emphasis="none")))


def test_a_bad_weight_is_refused_before_it_is_queued(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        with pytest.raises(RequestError, match="the weight is no number"):
            manager.submit(asking("a (b:1.1.1)"), OWNER)

        assert not manager.jobs(OWNER)


def test_a_second_pass_reads_the_first_prompt_anew_if_it_has_none() -> None:
    asked = asking("[a:b:6]", steps=4, hires=Hires(steps=4, negative_prompt="n"))

    read = {one.field: one.reading.texts for one in prompts_of(asked)}

    assert read == {
        "prompt": ("a", "b"),
        "negative_prompt": ("",),
        "hires.negative_prompt": ("n",),
    }


def loras(folder: Path) -> list[Other]:
    return [Other(name=name, path=lora(folder, name), kind="lora") for name in ("x", "y")]


def names(request: Request, others: list[Other]) -> list[str]:
    return [one.name for one in loras_of(request, others)]


def test_loras_in_comments_are_not_used(tmp_path: Path) -> None:
    others = loras(tmp_path)

    assert names(asking("a <lora:x:1> # <lora:gone:1>"), others) == ["x"]


def test_a_second_pass_may_name_the_same_loras_or_none(tmp_path: Path) -> None:
    others, own = loras(tmp_path), "a <lora:x:0.5> <lora:y:1>"

    for prompt in ("", "more detail", "b <lora:Y:1><lora:x:0.5>"):
        assert names(asking(own, hires=Hires(prompt=prompt)), others) == ["x", "y"]


@pytest.mark.parametrize(
    ("own", "fields", "field", "remedy"),
    [
        ("a <lora:x:1>", {"hires": Hires(prompt="b <lora:y:1>")}, "hires.prompt", "<lora:x:1>"),
        ("a <lora:x:1>", {"hires": Hires(prompt="b <lora:x:0.5>")}, "hires.prompt", "<lora:x:1>"),
        ("a", {"hires": Hires(prompt="b <lora:y:1>")}, "hires.prompt", "Take the LoRAs out"),
        ("a <lora:x:1>", {"beginnings": before("b")}, "beginnings.0.prompt", "<lora:x:1>"),
        ("a", {"beginnings": before("b <lora:x:1>")}, "beginnings.0.prompt", "Take the LoRAs out"),
    ],
)
def test_other_loras_in_one_picture_are_refused(
    tmp_path: Path, own: str, fields: dict[str, Any], field: str, remedy: str
) -> None:
    with pytest.raises(RequestError, match="names other LoRAs") as refused:
        loras_of(asking(own, **fields), loras(tmp_path))

    assert refused.value.field == field
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "a (der:1.3)"},
        {"prompt": "[a:der:2]"},
        {"prompt": "a AND b [c|der]"},
        {"negative_prompt": "[der]"},
        {"hires": Hires(prompt="der")},
        {"hires": Hires(steps=4), "prompt": "[a:der:6]"},
        {"beginnings": before("", "der")},
    ],
    ids=range(7),
)
def test_embeddings_are_found_wherever_they_are_named(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    write(tmp_path / "models" / "embeddings" / "der.safetensors", {"emb_params": (2, 768)})
    with studio(tmp_path) as manager:
        asked = manager._finder.settle(asking(**fields), OWNER).request
        found = manager._finder.needs(asked, OWNER).extras.embeddings

    assert [one.word for one in found] == ["der"]
