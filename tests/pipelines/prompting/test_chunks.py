"""Tokens in chunks: full ones end at a comma, BREAK ends one, and no embedding is split."""

from __future__ import annotations

import pytest

from pipelines.asking.wording import Wording
from pipelines.prompting.chunks import (
    BROKEN,
    COMMA,
    EMBEDDING,
    END,
    FULL,
    Chunk,
    Vocabulary,
    chunks,
    length,
    named_in,
)
from pipelines.prompting.embeddings import Place, room

HANDS = Place("bad hands", 8)
LETTERS = Vocabulary(lambda text: [ord(one) for one in text if one != " "], {(72, 73): HANDS}, 10)


def read(text: str, backtrack: int = 4) -> tuple[Chunk, ...]:
    return chunks(text, LETTERS, Wording(comma_backtrack=backtrack))


def shown(found: tuple[Chunk, ...]) -> list[tuple[str, str]]:
    """(the text of each chunk, why it ended); an embedding is shown as #."""
    texts = (
        "".join("#" if isinstance(item.what, Place) else chr(item.what) for item in chunk.items)
        for chunk in found
    )
    return [*zip(texts, (chunk.ended_by for chunk in found), strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", END)]),
        ("abc", [("abc", END)]),
        ("abcdefghij", [("abcdefghij", END)]),
        ("abcdefghijk", [("abcdefghij", FULL), ("k", END)]),
        ("abcdef,hijk", [("abcdef,", COMMA), ("hijk", END)]),
        ("abcde,ghijk", [("abcde,ghij", FULL), ("k", END)]),
        ("ab,def,hijk", [("ab,def,", COMMA), ("hijk", END)]),
        ("abcdefgh,j,l", [("abcdefgh,j", FULL), (",l", END)]),
        ("abcdefghi,k", [("abcdefghi,", COMMA), ("k", END)]),
        ("ab BREAK cd", [("ab", BROKEN), ("cd", END)]),
        ("BREAK cd", [("", BROKEN), ("cd", END)]),
        ("ab BREAK", [("ab", BROKEN)]),
        ("ab BREAK BREAK cd", [("ab", BROKEN), ("", BROKEN), ("cd", END)]),
        ("abHIc", [("ab#", FULL), ("c", END)]),
        ("abcHIe", [("abc", EMBEDDING), ("#e", END)]),
        ("H(I)", [("HI", END)]),
        ("abcdefgh,HI", [("abcdefgh,", EMBEDDING), ("#", END)]),
    ],
)
def test_a_text_goes_into_chunks(text: str, expected: list[tuple[str, str]]) -> None:
    assert shown(read(text)) == expected


def test_without_backtrack_a_comma_ends_nothing() -> None:
    assert shown(read("abcdef,hijk", 0)) == [("abcdef,hij", FULL), ("k", END)]


def test_tokens_keep_the_weights_of_their_pieces() -> None:
    (chunk,) = read("a(c:1.5)[HI]")

    weights = [(item.segment.weight, room(item.what)) for item in chunk.items]
    assert weights == [(1.0, 1), (1.5, 1), (1 / 1.1, 8)]


def test_with_emphasis_none_brackets_are_text() -> None:
    (chunk,) = chunks("(a:2)", LETTERS, Wording(emphasis="none"))

    assert shown((chunk,)) == [("(a:2)", END)]
    assert {item.segment.weight for item in chunk.items} == {1.0}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("abc", 3), ("abcdefghijk", 11), ("abcdef,hijk", 14), ("ab BREAK cd", 12),
     ("ab BREAK", 10), ("abcHIe", 19)],
)  # fmt: skip
def test_a_chunk_that_was_left_early_counts_whole(text: str, tokens: int) -> None:
    assert length(read(text), LETTERS.size) == tokens


def test_embeddings_are_named_once() -> None:
    assert named_in("HI (HI:2) x", LETTERS) == (HANDS,)
    assert named_in("x", LETTERS) == ()
