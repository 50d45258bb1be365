"""A text as a text encoder gets it: chunks of token ids, and the places where vectors of embeddings stand instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from torch import Tensor, nn

from pipelines.prompting.embeddings import Place, chunked, named, placed
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
    ids: list[list[int]]  # 77 in each: start, up to 75 tokens, end, padding
    spots: tuple[Spot, ...]


def chunks_of(text: str, encoder: TextEncoder, model: Model) -> Chunks:
    """No text is one empty chunk."""
    tokenizer, size = encoder.tokenizer, model.family.prompt_tokens
    number = model.text_encoders.index(encoder)
    vectors = {one.ref.word: one.vectors[number] for one in model.inversions}
    ids: list[list[int]] = []
    spots: list[Spot] = []
    for chunk in chunked(_items(text, encoder, model), size):
        own = [tokenizer.bos_token_id]
        for item in chunk:
            if isinstance(item, Place):
                spots.append(Spot(len(ids), len(own), vectors[item.word]))
                own += [PLACEHOLDER] * item.vectors
            else:
                own.append(item)
        own.append(tokenizer.eos_token_id)
        ids.append([*own, *[encoder.padding] * (size + 2 - len(own))])
    return Chunks(ids, tuple(spots))


def mentioned(text: str, model: Model) -> tuple[EmbeddingRef, ...]:
    """Those of the job's embeddings that this text names."""
    if not model.inversions:
        return ()
    refs = {one.ref.word: one.ref for one in model.inversions}
    return tuple(refs[place.word] for place in named(_items(text, model.text_encoders[0], model)))


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


def _items(text: str, encoder: TextEncoder, model: Model) -> list[int | Place]:
    places = {
        tuple(_ids(one.ref.word, encoder)): Place(one.ref.word, one.count)
        for one in model.inversions
    }
    return placed(_ids(text, encoder), places)


def _ids(text: str, encoder: TextEncoder) -> list[int]:
    ids: list[int] = encoder.tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    return ids
