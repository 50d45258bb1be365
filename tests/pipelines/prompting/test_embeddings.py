"""Embeddings in a prompt: the longest name wins, and none is split between chunks."""

from __future__ import annotations

from pipelines.prompting.embeddings import Place, chunked, named, placed

CAT, HANDS = Place("cat", 1), Place("bad hands", 8)
PLACES = {(5,): CAT, (5, 6): HANDS, (): Place("no name", 3)}


def test_the_longest_name_wins_at_each_position() -> None:
    assert placed([1, 5, 6, 5, 5, 6, 7], PLACES) == [1, HANDS, CAT, HANDS, 7]
    assert placed([6, 5], PLACES) == [6, CAT]
    assert placed([], PLACES) == []
    assert placed([1, 2], {}) == [1, 2]


def test_each_embedding_is_named_once_in_its_order() -> None:
    assert named([1, HANDS, CAT, HANDS]) == (HANDS, CAT)


def test_an_embedding_that_does_not_fit_begins_the_next_chunk() -> None:
    assert chunked([1, 2, HANDS, 3], 10) == [[1, 2, HANDS], [3]]
    assert chunked([1, 2, 3, HANDS, 4], 10) == [[1, 2, 3], [HANDS, 4]]
    assert chunked([HANDS], 8) == [[HANDS]]
    assert chunked([], 10) == [[]]
    assert chunked(list(range(21)), 10) == [list(range(10)), list(range(10, 20)), [20]]
