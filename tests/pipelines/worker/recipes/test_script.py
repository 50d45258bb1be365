"""The script of a pass: which texts hold at which step, in first and second passes, and in branches."""

from __future__ import annotations

import pytest

from pipelines.asking.beginnings import Beginning
from pipelines.asking.hires import Hires
from pipelines.editing.source import Source
from pipelines.request import Request
from pipelines.worker.recipes.script import Said, script
from tests.pipelines.worker.workbench import request


def told(asked: Request, *, is_second_pass: bool = False) -> list[tuple[int, str, str | None]]:
    """(until, the text of the only part, the negative text)"""
    return [
        (until, said.parts[0][1], said.negative)
        for until, said in script(asked, is_second_pass=is_second_pass)
    ]


def test_a_plain_prompt_is_one_line() -> None:
    asked = request(prompt="a boat", negative_prompt="fog", steps=10, guidance_scale=3.0)

    assert script(asked) == ((10, Said(((1.0, "a boat"),), "fog", 3.0)),)


def test_prompt_and_negative_prompt_switch_each_at_its_step() -> None:
    asked = request(prompt="[a:b:0.5]", negative_prompt="[c:d:3] AND e", steps=10)

    assert told(asked) == [
        (3, "a", "c AND e"),
        (5, "a", "d AND e"),
        (10, "b", "d AND e"),
    ]


def test_parts_have_weights_and_switch_together() -> None:
    asked = request(prompt="[a:b:2] AND c : 0.5", steps=4)

    assert [(until, said.parts) for until, said in script(asked)] == [
        (2, ((1.0, "a"), (0.5, " c"))),
        (4, ((1.0, "b"), (0.5, " c"))),
    ]


def test_comments_and_networks_are_not_said() -> None:
    assert told(request(prompt="a <lora:x:1># b\n", negative_prompt="fog # c", steps=4)) == [
        (4, "a", "fog ")
    ]


@pytest.mark.parametrize("negative", ["", "  ", "# only a comment"])
def test_nothing_is_no_text_at_all(negative: str) -> None:
    assert told(request(negative_prompt=negative)) == [(4, "a boat", None)]


def test_a_negative_prompt_that_is_empty_for_a_while_is_a_text() -> None:
    assert told(request(negative_prompt="[fog::2]")) == [(2, "a boat", "fog"), (4, "a boat", "")]


def test_shares_are_of_all_steps_also_when_fewer_are_taken() -> None:
    asked = request(prompt="[a:b:0.5]", steps=10, source=Source(image="x", strength=0.5))

    assert told(asked)[0] == (5, "a", None)


def test_a_second_pass_goes_on_where_the_first_one_ended() -> None:
    asked = request(prompt="[a:b:0.5] [c:d:1.5]", steps=10, hires=Hires(steps=4))

    assert told(asked) == [(5, "a c", None), (10, "b c", None)]
    assert told(asked, is_second_pass=True) == [(2, "b c", None), (4, "b d", None)]


def test_a_second_pass_may_have_words_and_guidance_of_its_own() -> None:
    hires = Hires(prompt="[x:y:12]", negative_prompt="z", guidance_scale=2.0)
    asked = request(negative_prompt="fog", steps=10, hires=hires)

    ((_, first),) = script(asked)
    (until, second), (_, third) = script(asked, is_second_pass=True)
    assert first == Said(((1.0, "a boat"),), "fog", 5.0)
    assert (until, second) == (2, Said(((1.0, "x"),), "z", 2.0))
    assert third.parts == ((1.0, "y"),)


def test_a_branch_begins_as_its_origin_and_counts_from_there() -> None:
    before = Beginning(until=6, prompt="[a:b:3]", negative_prompt="n", guidance_scale=9.0)
    asked = request(prompt="[c:d:8]", steps=10, beginnings=(before,))

    assert told(asked) == [(3, "a", "n"), (6, "b", "n"), (8, "c", None), (10, "d", None)]
    assert [said.guidance_scale for _, said in script(asked)] == [9.0, 9.0, 5.0, 5.0]
