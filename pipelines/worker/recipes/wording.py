"""From words to what the denoiser is told."""

from __future__ import annotations

import torch
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.engine.gate import ask
from pipelines.worker.sampling import Conditioning
from pipelines.worker.weights.loading import Model


def conditioning(request: Request, model: Model) -> Conditioning:
    """What the prompt and the negative prompt mean, at every step."""
    return Conditioning.constant(
        positive=embedding(request.prompt, model),
        negative=embedding(request.negative_prompt, model),
    )


def embedding(text: str, model: Model) -> Tensor:
    """(1, 77 · chunks, width): the text encoder's last hidden states, in the model's number format.

    A text of more than 75 tokens is encoded in several chunks, each with its own start and end.
    """
    known = model.embeddings.get(text)
    if known is None:
        ids = torch.tensor(token_chunks(text, model), device=model.device)
        hidden = ask(model.text_encoder, same_as=text, input_ids=ids).last_hidden_state
        known = hidden.reshape(1, -1, hidden.shape[-1])
        model.embeddings.keep(text, known)
    return known


def token_chunks(text: str, model: Model) -> list[list[int]]:
    """The token ids in chunks of 77: start, up to 75 tokens, end, padding. No text is one empty chunk."""
    tokenizer, size = model.tokenizer, model.family.prompt_tokens
    ids = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    chunks = [ids[begin : begin + size] for begin in range(0, len(ids), size)] or [[]]
    start, end, padding = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    return [[start, *chunk, end, *([padding] * (size - len(chunk)))] for chunk in chunks]
