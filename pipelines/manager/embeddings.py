"""The embeddings that a prompt names, found among the files under the models.

As in AUTOMATIC1111 a name needs no brackets. What cannot be used is refused when it was meant; a name that is a word of
the text encoder's own vocabulary, such as "cat", then stays that word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipelines.catalog.checkpoint import Other
from pipelines.catalog.embeddings import KIND, EmbeddingFile
from pipelines.errors import RequestError
from pipelines.prompting.embeddings import Ids, Place, named, placed
from pipelines.prompting.networks import split
from pipelines.request import Request

Tokenise = Callable[[str], list[int]]


class Known:
    """The embeddings for checkpoints of a family, by the token ids of their names."""

    def __init__(self, others: Iterable[Other], family: str, tokenise: Tokenise) -> None:
        self._family, self._tokenise = family, tokenise
        self._by_ids: dict[Ids, Other] = {}
        all_known = (one for one in others if one.kind == KIND)
        for one in sorted(all_known, key=self._is_usable):  # of one name the usable one comes last
            ids = tuple(tokenise(one.path.stem))
            if self._is_usable(one) or len(ids) > 1:
                self._by_ids[ids] = one
        self._places = {
            ids: Place(str(one.path), one.vectors if isinstance(one, EmbeddingFile) else 1)
            for ids, one in self._by_ids.items()
        }
        self._by_path = {str(one.path): one for one in self._by_ids.values()}

    def items(self, text: str) -> list[int | Place]:
        """The text's tokens, with the embeddings in place of their names."""
        return placed(self._tokenise(text), self._places)

    def in_request(self, request: Request) -> tuple[EmbeddingFile, ...]:
        """Those that prompt and negative prompt name, each once. Raises RequestError for one that cannot be used."""
        if not self._by_ids:
            return ()
        texts = {"prompt": split(request.prompt)[0], "negative_prompt": request.negative_prompt}
        found: dict[str, EmbeddingFile] = {}
        for field, text in texts.items():
            for place in named(self.items(text)):
                one = self._by_path[place.word]
                found[place.word] = self._usable(one, field)
        return tuple(found.values())

    def _is_usable(self, one: Other) -> bool:
        return isinstance(one, EmbeddingFile) and one.fits(self._family)

    def _usable(self, one: Other, field: str) -> EmbeddingFile:
        word = one.path.stem
        if not isinstance(one, EmbeddingFile):
            raise RequestError(field, word, one.problem, "Take the name out of the prompt.")
        if not self._is_usable(one):
            why = f"{one.path.name} is an embedding for {one.family}, the checkpoint is {self._family}"
            remedy = f"Take the name out of the prompt, or choose a checkpoint of {one.family}."
            raise RequestError(field, word, why, remedy)
        return one
