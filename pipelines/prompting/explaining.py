"""How a prompt is read, as plain values that a page can show: parts, their variants over the steps, their chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.asking.wording import Wording
from pipelines.prompting.attention import BREAK
from pipelines.prompting.chunks import Chunk, Item, Vocabulary, chunks, length, weighted
from pipelines.prompting.embeddings import Place, room
from pipelines.prompting.reading import Part, Reading

# How much is told at most; all of it is read.
PARTS_TOLD, VARIANTS_TOLD, RANGES_TOLD, TOKENS_TOLD = 16, 12, 32, 4000

Spans = Callable[[str], Sequence[tuple[int, int]]]  # where each token of a text stands in it
Values = dict[str, Any]


@dataclass(frozen=True)
class Telling:
    """What is needed to tell of a text. `name`: that of an embedding as it is written."""

    vocabulary: Vocabulary
    wording: Wording
    spans: Spans
    name: Callable[[Place], str]


class Told:
    """Tells of one prompt, and counts along what its longest variant takes."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._chunks: dict[str, tuple[Chunk, ...]] = {}
        self._left = TOKENS_TOLD

    def parts(self, reading: Reading) -> list[Values]:
        """What stands between ANDs, as far as it is told."""
        for text in reading.texts:
            if text not in self._chunks:
                self._chunks[text] = chunks(text, self._telling.vocabulary, self._telling.wording)
        return [self._part(part) for part in reading.parts[:PARTS_TOLD]]

    def length(self) -> Values:
        """`tokens` of the longest of all texts so far, and where its last chunk is full."""
        lengths = [self._length(text) for text in self._chunks]
        return max(lengths, key=lambda one: (one["tokens"], one["limit"]))

    def embeddings(self) -> tuple[Place, ...]:
        """Those that the texts so far name, each once."""
        items = (item for found in self._chunks.values() for one in found for item in one.items)
        places = (item.what for item in items if isinstance(item.what, Place))
        return tuple(dict.fromkeys(places))

    def _part(self, part: Part) -> Values:
        ranges: dict[str, list[list[int]]] = {}
        begin = 1
        for until, text in part.spans:
            ranges.setdefault(text, []).append([begin, until])
            begin = until + 1
        told: list[Values] = []
        for text, steps in ranges.items():
            tokens = sum(len(chunk.items) for chunk in self._chunks[text])
            if len(told) == VARIANTS_TOLD or (told and tokens > self._left):
                break
            self._left -= tokens
            told.append({"steps": steps[:RANGES_TOLD], **self._variant(text)})
        left_out = len(ranges) - len(told)
        return {"weight": part.weight, "variants": told, "variants_left_out": left_out}

    def _variant(self, text: str) -> Values:
        segments = weighted(text, self._telling.wording)
        return {
            "text": text,
            **self._length(text),
            "segments": [
                {"text": one.text, "weight": one.weight, "is_break": one == BREAK}
                for one in segments
            ],
            "chunks": [
                {
                    "pieces": self._pieces(chunk.items),
                    "tokens": chunk.room,
                    "ended_by": chunk.ended_by,
                }
                for chunk in self._chunks[text]
            ],
        }

    def _length(self, text: str) -> Values:
        found, size = self._chunks[text], self._telling.vocabulary.size
        return {"tokens": length(found, size), "limit": size * len(found)}

    def _pieces(self, items: Iterable[Item]) -> list[Values]:
        pieces: list[Values] = []
        last: tuple[int, int] = (0, 0)  # the characters of the piece before, in its segment
        segment = None
        for what, own, found in items:
            spans = self._telling.spans(own.text)
            begin, end = spans[found.begin][0], spans[found.end - 1][1]
            is_same = own is segment and begin < last[1]  # one character may take several tokens
            if is_same and pieces:
                pieces[-1]["tokens"] += room(what)
                pieces[-1]["text"] = own.text[last[0] : max(end, last[1])]
                last = (last[0], max(end, last[1]))
                continue
            name = self._telling.name(what) if isinstance(what, Place) else None
            text = own.text[begin:end]
            pieces.append(
                {"text": text, "weight": own.weight, "tokens": room(what), "embedding": name}
            )
            segment, last = own, (begin, end)
        return pieces
