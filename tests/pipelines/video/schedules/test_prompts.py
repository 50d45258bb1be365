"""Prompts over the frames: held or faded, with negative parts, common words and weights that move."""

from __future__ import annotations

import math

import pytest

from pipelines.errors import RequestError
from pipelines.video.schedules.curves import Clip
from pipelines.video.schedules.mistakes import ScheduleError
from pipelines.video.schedules.prompts import Blend, Words, closed, held, morphed, parse

CLIP = Clip(10, 42, 15.0)


def positives(texts: list[tuple[str, str]]) -> list[str]:
    return [blend.first.positive for blend in held(parse(texts), CLIP)]


def test_a_prompt_holds_until_the_next_one_and_the_first_before_itself() -> None:
    assert positives([("2", "a"), ("6", "b")]) == ["a"] * 6 + ["b"] * 4


def test_frames_may_be_expressions_in_any_order_and_outside() -> None:
    assert positives([("max_f", "d"), ("max_f/2", "b"), ("-4", "a"), ("99", "z")]) == (
        ["a"] * 4 + ["b"] * 5 + ["d"]
    )


def test_the_last_of_two_prompts_for_a_frame_counts() -> None:
    assert positives([("0", "a"), ("0", "b")]) == ["b"] * 10


def test_a_held_prompt_blends_with_nothing() -> None:
    for blend in held(parse([("0", "a --neg x")]), CLIP):
        assert blend == Blend(Words("a", "x"), Words("a", "x"), 0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a cat --neg a dog", Words("a cat", "a dog")),
        ("a cat", Words("a cat", "")),
        ("--neg a dog", Words("", "a dog")),
        ("a --neg b --neg c", Words("a", "b       c")),
        ("", Words("", "")),
        ("a lone ` stays", Words("a lone ` stays", "")),
    ],
)
def test_what_is_not_wanted_stands_behind_neg(text: str, words: Words) -> None:
    assert held(parse([("0", text)]), CLIP)[0].first == words


def test_common_words_stand_before_and_behind_each_prompt() -> None:
    keys = parse([("0", "a --neg x"), ("5", "b")], Words("best", "(worst:`t`)"))

    found = held(keys, CLIP)

    assert found[4].first == Words("best a", "x (worst:4)")
    assert found[5].first == Words("best b", "(worst:5)")


@pytest.mark.parametrize(
    ("expression", "at_four"),
    [
        ("tan(t)", math.tan(4)),
        ("sqrt(t)", 2),
        ("t/max_f", 4 / 9),
        ("where(cos(t)>=0, 1, 0.25)", 0.25),
        ("s/fps", 2.8),
        ("-t/100000", 0),
    ],
)
def test_weights_are_expressions_of_the_frame(expression: str, at_four: float) -> None:
    text = held(parse([("0", f"a (b:`{expression}`) c")]), CLIP)[4].first.positive

    assert text.startswith("a (b:")
    assert float(text[5:].partition(")")[0]) == pytest.approx(at_four, abs=6e-5)


def test_weights_of_a_prompt_are_those_of_the_frames_where_it_holds() -> None:
    found = positives([("0", "(a:`1/(t-8)`)"), ("8", "b `t` `t+1` --neg n")])

    assert found[7] == "(a:-1)"
    assert found[8:] == ["b 8 9", "b 9 10"]


def test_a_mistake_in_a_weight_is_told_with_its_place() -> None:
    text = "a --neg (b:`1+x`)"
    with pytest.raises(ScheduleError, match="x is not known") as raised:
        parse([("0", "fine"), ("5", text)])

    assert raised.value.field == "prompts.1.text"
    assert raised.value.position == text.index("x`")


def test_a_weight_that_nobody_can_want_is_refused() -> None:
    with pytest.raises(ScheduleError, match="is 1000 at frame 1, outside -100 to 100"):
        held(parse([("0", "(a:`t*1000`)")]), CLIP)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ([], "prompts"),
        ([("x", "a")], "prompts.0.frame"),
        ([("", "a")], "prompts.0.frame"),
        ([("0", "a" * 10_001)], "prompts.0.text"),
        ([("0", "a\ud800")], "prompts.0.text"),
        ([("0", "a")] * 2_001, "prompts"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(
    texts: list[tuple[str, str]], field: str
) -> None:
    with pytest.raises(RequestError) as raised:
        parse(texts)

    assert raised.value.field == field
    assert raised.value.remedy


def test_a_morph_fades_from_key_to_key() -> None:
    found = morphed(parse([("0", "a --neg x"), ("4", "b"), ("8", "c --neg z")]), CLIP)

    assert [blend.share for blend in found] == [0, 0.25, 0.5, 0.75, 0, 0.25, 0.5, 0.75, 0, 0]
    assert found[1] == Blend(Words("a", "x"), Words("b", ""), 0.25)
    assert found[7] == Blend(Words("b", ""), Words("c", "z"), 0.75)
    assert found[9].first == Words("c", "z")


def test_a_morph_waits_for_its_first_key() -> None:
    found = morphed(parse([("2", "a"), ("4", "b")]), CLIP)

    assert [blend.share for blend in found[:4]] == [0, 0, 0, 0.5]
    assert found[0].first == Words("a")


def test_a_morph_goes_as_far_as_the_clip_towards_a_key_past_its_end() -> None:
    found = morphed(parse([("0", "a"), ("20", "b")]), CLIP)

    assert [blend.share for blend in found] == [frame / 20 for frame in range(10)]


def test_weights_move_on_both_sides_of_a_fade() -> None:
    found = morphed(parse([("0", "(a:`t`)"), ("4", "(b:`t*2`)")]), CLIP)

    assert found[3] == Blend(Words("(a:3)"), Words("(b:6)"), 0.75)


def test_a_closed_morph_ends_where_it_began() -> None:
    keys = closed(parse([("0", "a"), ("5", "b"), ("10", "z"), ("50", "z")]), CLIP)

    found = morphed(keys, CLIP)

    assert [blend.share for blend in found] == [0, 0.2, 0.4, 0.6, 0.8] * 2
    assert found[9] == Blend(Words("b"), Words("a"), pytest.approx(0.8))
