"""Captions: plain ones as DreamBooth words them, and those that came along with the trigger in them."""

from __future__ import annotations

import pytest

from pipelines.catalog.checkpoint import CLIP_VOCABULARY
from pipelines.finetune.pictures.captions import (
    Words,
    of_prompt,
    plain,
    taken_over,
    untaught,
    warnings,
)
from pipelines.finetune.plan import TEXT_CHARACTERS, Plan
from pipelines.manager.tokens import TokenCounter

DOG = Words("subject", "zorp", "dog")
STYLE = Words("style", "zorp", "watercolour")
CONCEPT = Words("concept", "zorp", "pose")


@pytest.mark.parametrize(
    ("words", "caption", "without"),
    [
        (DOG, "a zorp dog", "a dog"),
        (Words("subject", "ohwx", "owl"), "an ohwx owl", "an owl"),
        (Words("subject", "zorp", ""), "a zorp", ""),
        (STYLE, "a watercolour in zorp style", "a watercolour"),
        (Words("style", "zorp", ""), "a picture in zorp style", "a picture"),
        (CONCEPT, "a picture of zorp pose", "a picture of pose"),
        (Words("concept", "", ""), "a picture", "a picture"),
    ],
)
def test_plain_captions_name_the_trigger_before_the_class(
    words: Words, caption: str, without: str
) -> None:
    assert plain(words) == caption
    assert untaught(words) == without


@pytest.mark.parametrize(
    ("words", "said", "caption"),
    [
        (DOG, "a dog on a lawn", "a zorp dog on a lawn"),
        (DOG, "An old Dog, sleeping", "An old zorp Dog, sleeping"),
        (Words("subject", "ohwx", "dog"), "a dog and a cat", "an ohwx dog and a cat"),
        (Words("subject", "zorp", "owl"), "an owl", "a zorp owl"),
        (DOG, "sitting on a lawn", "a zorp dog, sitting on a lawn"),
        (DOG, "many dogs", "a zorp dog, many dogs"),
        (DOG, "a picture of Zorp in the sun", "a picture of Zorp in the sun"),
        (DOG, "  \n", "a zorp dog"),
        (DOG, "a dog\nin the rain,", "a zorp dog in the rain"),
        (STYLE, "a boat on a lake", "a boat on a lake, in zorp style"),
        (CONCEPT, "a man standing", "zorp, a man standing"),
    ],
)
def test_what_came_along_is_kept_and_gets_the_trigger_when_it_lacks_it(
    words: Words, said: str, caption: str
) -> None:
    assert taken_over(said, words) == caption


def test_a_caption_without_end_is_cut() -> None:
    assert len(taken_over("very " * 1000, DOG)) <= TEXT_CHARACTERS


def test_of_a_prompt_only_the_words_become_a_caption() -> None:
    prompt = "a (red:1.3) [dog:cat:0.5] on a lawn, <lora:other:0.8> BREAK sharp # a note"

    assert of_prompt(prompt) == "a red dog on a lawn, sharp"
    assert of_prompt("") == ""


def test_a_caption_without_the_trigger_or_too_long_is_warned_of() -> None:
    counter = TokenCounter()

    def count(text: str) -> int:
        return len(counter.ids(text, CLIP_VOCABULARY))

    assert warnings("a zorp dog", DOG, count) == []
    assert "does not name zorp" in warnings("a dog", DOG, count)[0]
    assert "zorp" in warnings("a zorpy dog", DOG, None)[0]
    assert "only 75 are read" in warnings("a zorp dog" + ", very fine" * 40, DOG, count)[0]


def test_words_come_from_the_plan() -> None:
    plan = Plan(name="Zorp", kind="style", trigger=" zorp", class_word="")

    assert Words.of(plan) == ("style", "zorp", "")
