"""Textual inversion (Gal et al. 2022, arXiv:2208.01618) as a method: a few vectors that stand for a word, and no more.

All networks stay as they are. The vectors stand in captions where the trigger does, as those of an embedding file stand
in prompts (recipes/chunks.py); each text encoder of the family has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from pipelines.errors import StateDamaged
from pipelines.finetune.plan import Plan
from pipelines.worker.engine.gate import Component
from pipelines.worker.finetune.chances import WEIGHTS, generator
from pipelines.worker.finetune.method import Batch, Group, Text
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.texts import encoded, tokenised
from pipelines.worker.messages import EmbeddingRef
from pipelines.worker.recipes.chunks import under
from pipelines.worker.weights.inversion import Inversion
from pipelines.worker.weights.loading import TextEncoder
from pipelines.worker.weights.network import TEXT_ENCODER

VECTORS, RATE = 2, 5e-3  # where a plan leaves them open
# The tensors of a file, by the number of text encoders: kohya's names, which A1111, ComfyUI and diffusers read.
NAMES = {1: ("emb_params",), 2: ("clip_l", "clip_g")}
SPREAD = 0.1  # of the vocabulary's: how far the vectors begin from one another
# How long a vector may be: between these shares of the shortest and the longest of nearly all words.
LENGTHS, QUANTILES = (0.5, 1.5), (0.05, 0.95)


class Vectors:
    """New words for a model's text encoders. A Method; see there."""

    def __init__(self, skeleton: Skeleton, plan: Plan) -> None:
        self._skeleton, self._plan = skeleton, plan
        self._names = NAMES[len(skeleton.text_encoders)]
        with skeleton.awake():
            begun = tuple(self._begun(number) for number in range(len(self._names)))
        self._vectors = tuple(vectors for vectors, _ in begun)
        self._lengths = tuple(lengths for _, lengths in begun)
        word = Inversion(EmbeddingRef(plan.trigger, ""), self._vectors)
        self._model = replace(skeleton.model, inversions=(word,))

    def groups(self) -> tuple[Group, ...]:
        return (Group("embedding", self._vectors, self._plan.learning_rate or RATE),)

    def text_of(self, caption: str) -> Text:
        """A caption without the trigger means always the same."""
        text = tokenised(caption, self._model)
        return text if text.chunks[0].spots else encoded(caption, self._model)

    def predict(self, batch: Batch) -> Tensor:
        with self._skeleton.computing():
            read = {text: self._read(text) for text in dict.fromkeys(batch.texts)}
        answer = self._skeleton.denoise(replace(batch, texts=[read[t] for t in batch.texts]))
        # Nothing, so that there are gradients also where no caption of the batch has the trigger.
        return answer + sum(0.0 * vectors.sum() for vectors in self._vectors)

    def untaught(self) -> AbstractContextManager[None]:
        """The networks are as they were, and captions without the trigger have always meant the same."""
        return nullcontext()

    def after_step(self) -> None:
        """Each is about as long as words are: longer ones drown the rest of a prompt."""
        for vectors, (least, most) in zip(self._vectors, self._lengths, strict=True):
            length = vectors.data.norm(dim=-1, keepdim=True).clamp(min=1e-12)
            vectors.data.mul_(length.clamp(least, most) / length)

    def state(self) -> dict[str, Tensor]:
        return {name: vectors.detach() for name, vectors in self._named()}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        own = {name: vectors.shape for name, vectors in self._named()}
        if own != {name: tensor.shape for name, tensor in tensors.items()}:
            found = ", ".join(f"{name} {tuple(one.shape)}" for name, one in tensors.items())
            wanted = ", ".join(f"{name} {tuple(shape)}" for name, shape in own.items())
            why = f"The state holds {found or 'no vectors'}, this training has {wanted}."
            raise StateDamaged(why, "Begin the training anew.")
        for name, vectors in self._named():
            vectors.data.copy_(tensors[name])

    def exported(self) -> dict[str, Tensor]:
        """(vectors, width) for each text encoder, float32."""
        return {name: vectors.detach().cpu().clone() for name, vectors in self._named()}

    def metadata(self) -> dict[str, str]:
        return {"vectors": str(len(self._vectors[0])), "initial_word": self._first_word}

    @property
    def _first_word(self) -> str:
        return self._plan.initial_word or self._plan.class_word

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        return zip(self._names, self._vectors, strict=True)

    def _read(self, text: Text) -> Text:
        """A text as it is encoded now, the vectors in their places."""
        if text.hidden is not None:
            return text
        reading = Component(TEXT_ENCODER, partial(self._skeleton.told, [text]))
        for network, chunks in zip(self._skeleton.text_encoders, text.chunks, strict=True):
            reading = under(chunks.spots, reading, network.get_input_embeddings())
        hidden, pooled = reading.forward()
        return replace(text, hidden=hidden, pooled=pooled)

    def _begun(self, number: int) -> tuple[nn.Parameter, tuple[float, float]]:
        """(vectors around the mean of the first word's tokens, how long they may be) for a text encoder."""
        encoder = self._skeleton.model.text_encoders[number]
        words = self._skeleton.text_encoders[number].get_input_embeddings().weight.detach().float()
        ids = tokens_of(self._first_word, encoder)
        middle = words[ids].mean(0) if ids else words.mean(0)
        count = self._plan.vectors or VECTORS
        own = generator(self._plan.seed, WEIGHTS, number)
        away = torch.randn((count, len(middle)), generator=own).to(words) * words.std() * SPREAD
        away[0] = 0.0
        return nn.Parameter(middle + away), lengths_of(words)


def tokens_of(word: str, encoder: TextEncoder) -> list[int]:
    """Its ids without start and end; none for no word."""
    backend = encoder.tokenizer.backend_tokenizer
    return list(backend.encode(word, add_special_tokens=False).ids)


def lengths_of(words: Tensor) -> tuple[float, float]:
    """How short and how long a new word may be, of a vocabulary (tokens, width)."""
    norms = words.norm(dim=-1)
    least, most = torch.quantile(norms, torch.tensor(QUANTILES).to(norms)).tolist()
    return LENGTHS[0] * least, LENGTHS[1] * most
