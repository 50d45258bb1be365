"""Where a prompt names embeddings, and how its tokens go into chunks that split none of them. Pure numbers, no torch.

As in AUTOMATIC1111: every name is tokenised like the prompt, and where its ids stand the embedding does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """An embedding in a prompt: it stands for its word and takes so many tokens' room."""

    word: str
    vectors: int


def placed(ids: Sequence[int], places: Mapping[Ids, Place]) -> list[int | Place]:
    """The ids, with each embedding in place of those of its name; at every position the longest name wins."""
    lengths = sorted({len(name) for name in places if name}, reverse=True)
    items: list[int | Place] = []
    position = 0
    while position < len(ids):
        names = (tuple(ids[position : position + length]) for length in lengths)
        name = next((name for name in names if name in places), ())
        items.append(places[name] if name else ids[position])
        position += len(name) or 1
    return items


def named(items: Iterable[int | Place]) -> tuple[Place, ...]:
    """The embeddings among them, each once, in their order."""
    return tuple(dict.fromkeys(item for item in items if isinstance(item, Place)))


def chunked(items: Iterable[int | Place], size: int) -> list[list[int | Place]]:
    """Chunks with room for `size` tokens; what does not fit begins the next. Nothing is one empty chunk."""
    chunks: list[list[int | Place]] = [[]]
    used = 0
    for item in items:
        needed = room(item)
        if used + needed > size:
            chunks.append([])
            used = 0
        chunks[-1].append(item)
        used += needed
    return chunks


def room(item: int | Place) -> int:
    """How many tokens' room it takes."""
    return item.vectors if isinstance(item, Place) else 1
