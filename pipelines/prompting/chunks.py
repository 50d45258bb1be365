"""A text as a text encoder takes it: tokens with their weights, in chunks that split no embedding. No torch.

As in AUTOMATIC1111: each piece of the text that has a weight of its own is tokenised by itself; a chunk that is full
ends at its last comma, if that is near; BREAK ends a chunk wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.asking.wording import Wording
from pipelines.prompting.attention import BREAK, Segment, attention
from pipelines.prompting.embeddings import Found, Ids, Place, found, room

END, FULL, COMMA, BROKEN, EMBEDDING = "end", "full", "comma", "break", "embedding"

PLAIN = Wording()

Tokenise = Callable[[str], list[int]]


class Item(NamedTuple):
    """A token or an embedding; `found` are the tokens of `segment` in whose place it stands."""

    what: int | Place
    segment: Segment
    found: Found


@dataclass(frozen=True)
class Chunk:
    """`ended_by`: END of the text, FULL, COMMA (what stood behind it moved on), BROKEN, or EMBEDDING (the next one)."""

    items: tuple[Item, ...]
    ended_by: str

    @property
    def room(self) -> int:
        """How many tokens' room is used."""
        return sum(room(item.what) for item in self.items)


@dataclass(frozen=True)
class Vocabulary:
    """What a text encoder can read: `size` tokens in a chunk, embeddings by the ids of their names."""

    tokenise: Tokenise
    places: Mapping[Ids, Place]
    size: int

    @property
    def comma(self) -> int | None:
        """The token that a comma is; None when this vocabulary has none of its own."""
        ids = self.tokenise(",")
        return ids[0] if len(ids) == 1 else None


def weighted(text: str, wording: Wording = PLAIN) -> tuple[Segment, ...]:
    """The pieces of a text and their weights, under this way of reading."""
    return (Segment(text),) if wording.emphasis == "none" else attention(text)


def chunks(text: str, vocabulary: Vocabulary, wording: Wording = PLAIN) -> tuple[Chunk, ...]:
    """At least one, which may be empty."""
    items = _items(weighted(text, wording), vocabulary)
    return chunked(items, vocabulary.size, vocabulary.comma, wording.comma_backtrack)


def chunked(
    items: Iterable[Item | None], size: int, comma: int | None, backtrack: int
) -> tuple[Chunk, ...]:
    """Chunks with room for `size` tokens; None among the items ends one. `backtrack`: how near a comma is near."""
    done: list[Chunk] = []
    current: list[Item] = []
    used, behind_comma, used_behind_comma = 0, 0, -size  # of the current chunk

    def end(reason: str, at: int | None = None) -> None:
        nonlocal current, used, behind_comma, used_behind_comma
        done.append(Chunk(tuple(current[:at]), reason))
        current = [] if at is None else current[at:]
        used, behind_comma, used_behind_comma = sum(room(one.what) for one in current), 0, -size

    for item in items:
        if item is None:
            end(BROKEN)
            continue
        is_comma = item.what == comma
        if used >= size:
            is_near = not is_comma and used - used_behind_comma < backtrack
            end(COMMA, behind_comma) if is_near else end(FULL)
        if used + room(item.what) > size:
            end(EMBEDDING)
        current.append(item)
        used += room(item.what)
        if is_comma:
            behind_comma, used_behind_comma = len(current), used
    if current or not done:
        end(END)
    return tuple(done)


def length(chunks: Iterable[Chunk], size: int) -> int:
    """How much room a text takes; a chunk that was left early counts whole."""
    return sum(chunk.room if chunk.ended_by == END else size for chunk in chunks)


def named_in(text: str, vocabulary: Vocabulary, wording: Wording = PLAIN) -> tuple[Place, ...]:
    """The embeddings that it names, each once, in their order."""
    items = _items(weighted(text, wording), vocabulary)
    places = (item.what for item in items if item is not None)
    return tuple(dict.fromkeys(place for place in places if isinstance(place, Place)))


def _items(segments: Iterable[Segment], vocabulary: Vocabulary) -> Iterator[Item | None]:
    for segment in segments:
        if segment == BREAK:
            yield None
            continue
        for one in found(vocabulary.tokenise(segment.text), vocabulary.places):
            yield Item(one.item, segment, one)
