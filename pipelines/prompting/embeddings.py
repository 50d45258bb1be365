"""Where a prompt names embeddings. Pure numbers, no torch.

As in AUTOMATIC1111: every name is tokenised like the prompt, and where its ids stand the embedding does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """An embedding in a prompt: it stands for its word and takes so many tokens' room."""

    word: str
    vectors: int


class Found(NamedTuple):
    """A token, or an embedding in place of the tokens from `begin` to `end`."""

    item: int | Place
    begin: int
    end: int


def found(ids: Sequence[int], places: Mapping[Ids, Place]) -> Iterator[Found]:
    """The ids, with each embedding in place of those of its name; at every position the longest name wins."""
    lengths = sorted({len(name) for name in places if name}, reverse=True)
    position = 0
    while position < len(ids):
        names = (tuple(ids[position : position + length]) for length in lengths)
        name = next((name for name in names if name in places), ())
        end = position + (len(name) or 1)
        yield Found(places[name] if name else ids[position], position, end)
        position = end


def room(item: int | Place) -> int:
    """How many tokens' room it takes."""
    return item.vectors if isinstance(item, Place) else 1
