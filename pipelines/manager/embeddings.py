"""The embeddings that a prompt names, found among the files under the models.

As in AUTOMATIC1111 a name needs no brackets. What cannot be used is refused when it was meant; a name that is a word of
the text encoder's own vocabulary, such as "cat", then stays that word.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.catalog.checkpoint import Other
from pipelines.catalog.embeddings import KIND, EmbeddingFile
from pipelines.errors import RequestError
from pipelines.manager.prompts import prompts_of
from pipelines.manager.tokens import CHUNK
from pipelines.prompting.chunks import Tokenise, Vocabulary, named_in
from pipelines.prompting.embeddings import Ids, Place
from pipelines.request import Request


class Known:
    """The embeddings for checkpoints of a family, by the token ids of their names."""

    def __init__(self, others: Iterable[Other], family: str, tokenise: Tokenise) -> None:
        self._family = family
        self._by_ids: dict[Ids, Other] = {}
        all_known = (one for one in others if one.kind == KIND)
        for one in sorted(all_known, key=self._is_usable):  # of one name the usable one comes last
            ids = tuple(tokenise(one.path.stem))
            if self._is_usable(one) or len(ids) > 1:
                self._by_ids[ids] = one
        places = {
            ids: Place(str(one.path), one.vectors if isinstance(one, EmbeddingFile) else 1)
            for ids, one in self._by_ids.items()
        }
        self._by_path = {str(one.path): one for one in self._by_ids.values()}
        # A place's word is the path of its file.
        self.vocabulary = Vocabulary(tokenise, places, CHUNK)

    def in_request(self, request: Request) -> tuple[EmbeddingFile, ...]:
        """Those that any of its prompts names at any step, each once.

        Raises RequestError for one that cannot be used.
        """
        if not self._by_ids:
            return ()
        found: dict[str, EmbeddingFile] = {}
        for prompt in prompts_of(request):
            for text in prompt.reading.texts:
                for place in named_in(text, self.vocabulary, request.wording):
                    found[place.word] = self.usable(place, prompt.field)
        return tuple(found.values())

    def name(self, place: Place) -> str:
        """As it is written in prompts."""
        return self._by_path[place.word].path.stem

    def _is_usable(self, one: Other) -> bool:
        return isinstance(one, EmbeddingFile) and one.fits(self._family)

    def usable(self, place: Place, field: str) -> EmbeddingFile:
        """The file of one that a field names. Raises RequestError."""
        one = self._by_path[place.word]
        word = one.path.stem
        if not isinstance(one, EmbeddingFile):
            raise RequestError(field, word, one.problem, "Take the name out of the prompt.")
        if not self._is_usable(one):
            why = f"{one.path.name} is an embedding for {one.family}, the checkpoint is {self._family}"
            remedy = f"Take the name out of the prompt, or choose a checkpoint of {one.family}."
            raise RequestError(field, word, why, remedy)
        return one
