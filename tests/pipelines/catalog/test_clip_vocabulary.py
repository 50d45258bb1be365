"""The vocabulary for single files: CLIP's own ids, as every published checkpoint was trained with."""

from __future__ import annotations

import json

import pytest

from pipelines.catalog.checkpoint import CLIP_VOCABULARY
from pipelines.manager.tokens import TokenCounter

VOCABULARY = json.loads((CLIP_VOCABULARY / "vocab.json").read_text(encoding="utf-8"))


def test_every_id_stands_for_one_token() -> None:
    assert sorted(VOCABULARY.values()) == list(range(49408))
    assert VOCABULARY["<|startoftext|>"] == 49406
    assert VOCABULARY["<|endoftext|>"] == 49407


def test_known_words_have_their_published_ids() -> None:
    words = [VOCABULARY[word + "</w>"] for word in ["a", "photo", "of", "a", "cat"]]

    assert words == [320, 1125, 539, 320, 2368]


def test_merges_make_the_tokens_in_their_order() -> None:
    lines = (CLIP_VOCABULARY / "merges.txt").read_text(encoding="utf-8").splitlines()

    assert lines[0].startswith("#version")
    assert [VOCABULARY["".join(line.split())] for line in lines[1:]] == list(range(512, 49406))


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [("a photo of a cat", 5), ("A Photo,  of a CAT!", 7), ("", 0), ("naïve 2½", 5)],
)
def test_prompts_are_counted_with_it(prompt: str, tokens: int) -> None:
    assert len(TokenCounter().ids(prompt, CLIP_VOCABULARY)) == tokens
