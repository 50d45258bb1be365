"""A text as a text encoder gets it: chunks of token ids, and the places where vectors of embeddings stand instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from torch import Tensor, nn

from pipelines.asking.wording import Wording
from pipelines.prompting import chunks
from pipelines.prompting.chunks import PLAIN, Vocabulary, named_in
from pipelines.prompting.embeddings import Place, room
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import EmbeddingRef
from pipelines.worker.weights.loading import Model, TextEncoder

PLACEHOLDER = 0  # a token id whose own meaning is replaced


class Spot(NamedTuple):
    """Vectors (count, width) for `count` tokens of a chunk, from `begin` on."""

    chunk: int
    begin: int
    vectors: Tensor


class Chunks(NamedTuple):
    ids: tuple[tuple[int, ...], ...]  # 77 in each: start, up to 75 tokens, end, padding
    weights: tuple[tuple[float, ...], ...]  # of each id; 1 for those that are no words
    spots: tuple[Spot, ...] = ()

    @property
    def is_weighted(self) -> bool:
        return any(weight != 1 for chunk in self.weights for weight in chunk)


def chunks_of(text: str, encoder: TextEncoder, model: Model, wording: Wording = PLAIN) -> Chunks:
    """No text is one empty chunk."""
    tokenizer, length = encoder.tokenizer, model.family.prompt_tokens + 2
    number = model.text_encoders.index(encoder)
    vectors = {one.ref.word: one.vectors[number] for one in model.inversions}
    ids: list[tuple[int, ...]] = []
    weights: list[tuple[float, ...]] = []
    spots: list[Spot] = []
    for chunk in chunks.chunks(text, _vocabulary(encoder, model), wording):
        own, own_weights = [tokenizer.bos_token_id], [1.0]
        for item in chunk.items:
            if isinstance(item.what, Place):
                spots.append(Spot(len(ids), len(own), vectors[item.what.word]))
                own += [PLACEHOLDER] * item.what.vectors
            else:
                own.append(item.what)
            own_weights += [item.segment.weight] * room(item.what)
        own.append(tokenizer.eos_token_id)
        ids.append((*own, *[encoder.padding] * (length - len(own))))
        weights.append((*own_weights, *[1.0] * (length - len(own_weights))))
    return Chunks(tuple(ids), tuple(weights), tuple(spots))


def mentioned(text: str, model: Model, wording: Wording) -> tuple[EmbeddingRef, ...]:
    """Those of the job's embeddings that this text names."""
    if not model.inversions:
        return ()
    refs = {one.ref.word: one.ref for one in model.inversions}
    vocabulary = _vocabulary(model.text_encoders[0], model)
    return tuple(refs[place.word] for place in named_in(text, vocabulary, wording))


def under(spots: tuple[Spot, ...], component: Component, words: nn.Embedding) -> Component:
    """The text encoder with these vectors in place of its tokens' own; its weights stay as they are."""
    return (
        replace(component, forward=_with(spots, component.forward, words)) if spots else component
    )


def _with(
    spots: tuple[Spot, ...], forward: Callable[..., Any], words: nn.Embedding
) -> Callable[..., Any]:
    def put(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
        output = output.clone()
        for chunk, begin, vectors in spots:
            output[chunk, begin : begin + len(vectors)] = vectors.to(output)
        return output

    def run(**inputs: Any) -> Any:
        with words.register_forward_hook(put):
            return forward(**inputs)

    return run


def _vocabulary(encoder: TextEncoder, model: Model) -> Vocabulary:
    def tokenise(text: str) -> list[int]:
        encoded = encoder.tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
        ids: list[int] = encoded.ids
        return ids

    places = {
        tuple(tokenise(one.ref.word)): Place(one.ref.word, one.count) for one in model.inversions
    }
    return Vocabulary(tokenise, places, model.family.prompt_tokens)
