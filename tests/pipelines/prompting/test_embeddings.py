"""Embeddings in a prompt: where their names stand, and the longest name wins."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.prompting.embeddings import Found, Place, found, room

CAT, HANDS = Place("cat", 1), Place("bad hands", 8)
PLACES = {(5,): CAT, (5, 6): HANDS, (): Place("no name", 3)}


def items(ids: Sequence[int]) -> list[int | Place]:
    return [one.item for one in found(ids, PLACES)]


def test_the_longest_name_wins_at_each_position() -> None:
    assert items([1, 5, 6, 5, 5, 6, 7]) == [1, HANDS, CAT, HANDS, 7]
    assert items([6, 5]) == [6, CAT]
    assert items([]) == []


def test_without_embeddings_all_are_tokens() -> None:
    assert list(found([1, 2], {})) == [Found(1, 0, 1), Found(2, 1, 2)]


def test_each_says_in_place_of_which_tokens_it_stands() -> None:
    assert list(found([1, 5, 6, 7], PLACES)) == [
        Found(1, 0, 1),
        Found(HANDS, 1, 3),
        Found(7, 3, 4),
    ]


def test_an_embedding_takes_the_room_of_its_vectors() -> None:
    assert (room(7), room(CAT), room(HANDS)) == (1, 1, 8)
