"""Captions for the networks: taken word for word, without the signs that weight prompts."""

from __future__ import annotations

from pipelines.asking.wording import Wording
from pipelines.worker.finetune.method import Text
from pipelines.worker.recipes.chunks import chunks_of
from pipelines.worker.recipes.wording import words
from pipelines.worker.weights.loading import Model

LITERAL = Wording(emphasis="none")  # brackets are text


def tokenised(caption: str, model: Model) -> Text:
    """The caption as token ids, for text encoders that change; `model.inversions` stand in place of their words."""
    chunks = tuple(chunks_of(caption, encoder, model, LITERAL) for encoder in model.text_encoders)
    return Text(caption, chunks, is_nothing=_is_nothing(caption, model))


def encoded(caption: str, model: Model) -> Text:
    """The caption as the text encoders answer it now. Asks at the gate."""
    told = words(caption, model, wording=LITERAL)
    chunks = tuple(chunks_of(caption, encoder, model, LITERAL) for encoder in model.text_encoders)
    return Text(caption, chunks, told.hidden, told.pooled, _is_nothing(caption, model))


def _is_nothing(caption: str, model: Model) -> bool:
    """SDXL was shown pictures without their caption as zeros."""
    return not caption and model.family.is_nothing_zero
